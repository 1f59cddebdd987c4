"""Verbs on workflow files: their differences, their merge, their other form; git drives the merge."""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).parent / "flowscale"
GRAPH = {
    "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}},
    "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "a"}},
}


def write(path: Path, **changes):
    graph = copy.deepcopy(GRAPH)
    graph["1"]["inputs"] |= changes
    path.write_text(json.dumps(graph, indent=2))
    return path


def test_a_difference_is_told_and_drawn(flowscale, tmp_path):
    old, new = write(tmp_path / "a.json"), write(tmp_path / "b.json", width=16)
    done = flowscale("diff", old, new, "--svg", tmp_path / "changes.svg")
    assert (done.code, done.out) == (1, "~ node 1 (EmptyImage) width: 8 → 16\n")
    assert (tmp_path / "changes.svg").read_text().startswith("<?xml")
    told = json.loads(flowscale("diff", old, new, "--json").out)
    assert told["widgets"] == [{"node": "1", "input": "width", "before": 8, "after": 16}]
    assert (flowscale("diff", old, old).code, flowscale("diff", old, tmp_path / "none").code) == (0, 2)


def test_a_merge_takes_both_sides_and_names_conflicts(flowscale, tmp_path):
    base, ours = write(tmp_path / "base.json"), write(tmp_path / "ours.json", width=16)
    theirs = write(tmp_path / "theirs.json", height=32)
    assert flowscale("merge", base, ours, theirs, "-o", tmp_path / "all.json").code == 0
    merged = json.loads((tmp_path / "all.json").read_text())
    assert (merged["1"]["inputs"]["width"], merged["1"]["inputs"]["height"]) == (16, 32)
    done = flowscale("merge", base, ours, write(tmp_path / "theirs.json", width=64))
    assert (done.code, "conflict: node 1 width: 8 became 16 and 64" in done.err) == (1, True)


def test_the_other_form_comes_back_the_same(flowscale, tmp_path):
    write(tmp_path / "a.json")
    assert flowscale("convert", tmp_path / "a.json", "--to", "ui", "-o", tmp_path / "ui.json").code == 0
    back = json.loads(flowscale("convert", tmp_path / "ui.json").out)
    assert {key: {name: one[name] for name in ("class_type", "inputs")} for key, one in back.items()} == GRAPH


@pytest.mark.slow
def test_git_merges_workflows_by_it(tmp_path):
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "config", "merge.flowscale.driver", f"{PROGRAM} merge %O %A %B")
    (tmp_path / ".gitattributes").write_text("workflow.json merge=flowscale\n")
    commit(tmp_path, "base")
    git(tmp_path, "switch", "-q", "-c", "other")
    commit(tmp_path, "other", height=32)
    git(tmp_path, "switch", "-q", "main")
    commit(tmp_path, "main", width=16)
    git(tmp_path, "merge", "-q", "--no-edit", "other")
    inputs = json.loads((tmp_path / "workflow.json").read_text())["1"]["inputs"]
    assert (inputs["width"], inputs["height"]) == (16, 32)


def commit(folder, message, **changes):
    write(folder / "workflow.json", **changes)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)


def git(folder, *words):
    names = {
        f"GIT_{role}_{what}": "a@example.com"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    plain = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", *words], cwd=folder, check=True, env=os.environ | names | plain)
