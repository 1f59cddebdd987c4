"""Verbs that read a folder: pin, nodes, schema."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowscale_specs.kinds import Schedule
from flowscale_specs.releases import read_lock

Run = Callable[..., Any]


@pytest.fixture
def mine(flowscale: Run, tmp_path: Path) -> Path:
    """A folder with one small workflow."""
    flowscale("init", "mine")
    return tmp_path / "mine"


@pytest.mark.services
def test_pin_check_tells_whether_the_lock_is_up_to_date(flowscale: Run, mine: Path) -> None:
    missing = flowscale("pin", mine, "--check")
    assert (missing.code, "mine 1.0.0: not pinned -> sha256:" in missing.err) == (3, True)
    assert not (mine / "flowscale.lock").exists()
    pinned = flowscale("pin", mine)
    assert pinned.out.split()[:2] == ["mine", "1.0.0"]
    assert read_lock(mine / "flowscale.lock").digest("mine", "1.0.0") == pinned.out.split()[2]
    assert flowscale("pin", mine, "--check").code == 0
    workflow = mine / "workflow.json"
    workflow.write_text(workflow.read_text().replace("Hello, ", "Good day, "))
    before = (mine / "flowscale.lock").read_bytes()
    changed = flowscale("pin", mine, "--check")
    assert (changed.code, "run `flowscale pin` and commit it" in changed.err) == (3, True)
    assert (mine / "flowscale.lock").read_bytes() == before


def test_pin_of_wrong_specs_ends_with_3(flowscale: Run, mine: Path) -> None:
    (mine / "flowscale.yaml").write_text("apiVersion: flowscale.ai/v1\nkind: Workflo\n")
    assert flowscale("pin", mine).code == 3


@pytest.mark.services
def test_pin_of_a_workflow_that_needs_more_ends_with_3(flowscale: Run, mine: Path) -> None:
    (mine / "workflow.json").write_text('{"1": {"class_type": "Mystery", "inputs": {}}}')
    done = flowscale("pin", mine)
    assert (done.code, "Mystery" in done.err) == (3, True)


def test_nodes_are_searched_by_name_title_and_category(flowscale: Run) -> None:
    named = json.loads(flowscale("nodes", "list", "--search", "imageblur", "--json").out)
    assert list(named) == ["ImageBlur"]
    of_category = json.loads(flowscale("nodes", "list", "--search", "mask/compositing", "--json").out)
    assert "JoinImageWithAlpha" in of_category


def test_nodes_of_the_folder_are_among_them(flowscale: Run, mine: Path) -> None:
    (mine / "custom_nodes").mkdir()
    (mine / "custom_nodes/own.py").write_text(
        "print('loading')\n"
        "class Own:\n"
        "    INPUT_TYPES = classmethod(lambda cls: {'required': {}})\n"
        "    RETURN_TYPES, FUNCTION, CATEGORY = (), 'run', 'own'\n"
        "NODE_CLASS_MAPPINGS = {'Own': Own}\n"
    )
    done = flowscale("nodes", "list", mine, "--search", "own", "--json")
    assert "Own" in json.loads(done.out)  # what packs print is not on stdout


def test_a_node_is_described(flowscale: Run) -> None:
    rows = [
        line.split("\t")
        for line in flowscale("nodes", "describe", "ImageScaleToMaxDimension").out.splitlines()
    ]
    assert rows[0] == ["name", "direction", "type", "facts"]
    assert ["image", "in", "IMAGE"] in [row[:3] for row in rows]
    (method,) = [row[3] for row in rows if row[0] == "upscale_method"]
    assert "default area" in method
    assert "lanczos" in method
    assert [row[1] for row in rows].count("out") == 1
    told = json.loads(flowscale("nodes", "describe", "ImageBlur", "--json").out)
    assert told["name"] == "ImageBlur"


def test_an_unknown_node_names_the_nearest(flowscale: Run) -> None:
    done = flowscale("nodes", "describe", "ImageBlurr")
    assert (done.code, "did you mean ImageBlur?" in done.err) == (2, True)


def test_the_schema_can_be_checked(flowscale: Run, tmp_path: Path) -> None:
    printed = flowscale("schema")
    (tmp_path / "kept.json").write_text(printed.out)
    assert flowscale("schema", "--check", "kept.json").code == 0
    (tmp_path / "kept.json").write_text("{}")
    assert flowscale("schema", "--check", "kept.json").code == 3
    assert flowscale("schema", "--check", "nowhere.json").code == 3


def test_validate_looks_into_workflows_when_asked(flowscale: Run, mine: Path) -> None:
    assert flowscale("validate", mine, "--workflows").code == 0
    spec = mine / "flowscale.yaml"
    spec.write_text(spec.read_text().replace("1.value", "1.valu"))
    assert flowscale("validate", mine).code == 0
    done = flowscale("validate", mine, "--workflows")
    assert (done.code, "Did you mean 'value'?" in done.err) == (3, True)
    assert done.err.splitlines()[0].startswith(f"{mine / 'workflow.json'}: Input 'name': ")


def test_validate_of_a_workflow_with_unknown_nodes_ends_with_3(flowscale: Run, mine: Path) -> None:
    (mine / "workflow.json").write_text('{"1": {"class_type": "Mystery", "inputs": {}}}')
    done = flowscale("validate", mine, "--workflows")
    assert (done.code, "node 1 needs Mystery, which no pack offers" in done.err) == (3, True)


def test_validate_says_what_is_declared_and_not_executed_yet(flowscale, tmp_path, monkeypatch):
    monkeypatch.setattr(Schedule, "executes", False)
    folder = tmp_path / "spec"
    folder.mkdir()
    (folder / "workflow.json").write_text('{"1": {"class_type": "EmptyImage", "inputs": {}}}')
    (folder / "flowscale.yaml").write_text(
        "kind: Workflow\nmetadata: {name: negative}\n---\n"
        'kind: Schedule\nmetadata: {name: nightly}\nspec: {run: {deployment: negative}, cron: "0 8 * * *"}\n'
    )
    done = flowscale("validate", folder)
    assert done.code == 0
    assert "Schedule nightly is declared, and not executed yet" in done.err


OBJECT_INFO = (
    '{"Daub": {"input": {"required": {"steps": ["INT", {"default": 4}]}}, "name": "Daub", "category": "x"}}'
)


def test_nodes_of_a_comfyui_are_saved_beside_the_spec_and_known_there(
    flowscale: Run, mine: Path, tmp_path: Path
) -> None:
    (tmp_path / "told.json").write_text(OBJECT_INFO)
    done = flowscale("nodes", "import", tmp_path / "told.json", mine)
    assert done.out.strip() == str(mine / "object_info.json")
    assert "1 node class;" in done.err
    assert "steps" in flowscale("nodes", "describe", "Daub", mine).out


def test_what_is_no_list_of_nodes_is_refused_and_nothing_written(flowscale: Run, mine: Path) -> None:
    done = flowscale("nodes", "import", mine / "flowscale.yaml", mine)
    assert (done.code, "flowscale.yaml is no JSON" in done.err) == (1, True)
    assert not (mine / "object_info.json").exists()


def test_a_comfyui_that_is_away_is_named(flowscale: Run, mine: Path) -> None:
    done = flowscale("nodes", "import", "http://127.0.0.1:9", mine)
    assert (done.code, "http://127.0.0.1:9/object_info can't be fetched" in done.err) == (1, True)


def test_a_workflow_is_checked_against_the_nodes_of_the_servers_that_compute_it(
    flowscale: Run, mine: Path, tmp_path: Path
) -> None:
    (mine / "workflow.json").write_text('{"1": {"class_type": "Daub", "inputs": {"steps": 4}}}')
    (mine / "flowscale.yaml").write_text(
        "apiVersion: flowscale.ai/v1\nkind: Workflow\nmetadata: {name: mine}\nspec: {source: workflow.json}\n---\n"
        "apiVersion: flowscale.ai/v1\nkind: WorkflowDeployment\nmetadata: {name: mine}\n"
        "spec: {comfyui: [http://gpu:8188]}\n"
    )
    assert flowscale("validate", mine, "--workflows").code == 0  # nobody here knows the nodes
    (tmp_path / "told.json").write_text(OBJECT_INFO.replace("Daub", "Writer"))
    flowscale("nodes", "import", tmp_path / "told.json", mine)
    done = flowscale("validate", mine, "--workflows")
    assert (done.code, "Daub" in done.err) == (3, True)
