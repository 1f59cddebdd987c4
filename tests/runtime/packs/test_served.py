"""Packs from git as a user has them: named in a spec, served by `flowscale serve`, called over REST."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.packs import PACK, Repository
from harness.serving import PROGRAM, serving, spec

pytestmark = pytest.mark.services


def chain(*classes: str) -> dict[str, object]:
    """A text that goes through nodes of these classes, and is saved."""
    graph: dict[str, object] = {
        "0": {"class_type": "FSLoadText", "inputs": {"default_value": "", "label": "Text"}}
    }
    for index, name in enumerate(classes):
        graph[str(index + 1)] = {"class_type": name, "inputs": {"text": [str(index), 0]}}
    last = {"text": [str(len(classes)), 0], "filename_prefix": "said", "label": ""}
    return {**graph, "99": {"class_type": "FSSaveText", "inputs": last}}


def listed(*packs: Repository) -> str:
    return json.dumps([{"source": pack.source} for pack in packs])


def test_packs_of_a_spec_are_fetched_installed_and_run(tmp_path: Path, wheels: Path) -> None:
    made = [
        Repository(tmp_path / "repositories", name, init=PACK.format(name=name), requirements__txt=requires)
        for name, requires in (("Old", "clash<2\n"), ("Any", "clash\n"))
    ]
    folder = spec(tmp_path / "specs", chain("Old", "Any"), listed(*made))
    with serving(folder, tmp_path / "server" / "data") as client:
        assert (
            client.runs.execute({"default_value_0": "so: "}, timeout=60).outputs[0].data
            == b"so: Old 1.0;Any 1.0;"
        )


def test_a_pinned_release_keeps_its_packs_whatever_becomes_of_their_source(
    tmp_path: Path, wheels: Path
) -> None:
    made = Repository(
        tmp_path / "repositories", "Any", init=PACK.format(name="Any"), requirements__txt="clash<2\n"
    )
    folder, data = spec(tmp_path / "specs", chain("Any"), listed(made)), tmp_path / "server" / "data"
    pin = [PROGRAM, "pin", folder, "--data", data]
    subprocess.run(pin, check=True, capture_output=True)
    first = (folder / "flowscale.lock").read_text()
    made.commit(init=PACK.format(name="Other"), requirements__txt="clash\n")
    subprocess.run(pin, check=True, capture_output=True)
    assert (folder / "flowscale.lock").read_text() == first
    shutil.rmtree(made.folder)
    shutil.rmtree(wheels)
    with serving(folder, data) as client:
        assert client.runs.execute({"default_value_0": ""}, timeout=60).outputs[0].data == b"Any 1.0;"


def test_a_pack_that_cannot_be_had_is_a_problem_of_its_deployment_alone(tmp_path: Path, wheels: Path) -> None:
    spec(tmp_path / "specs" / "fine", chain(), name="fine")
    spec(tmp_path / "specs" / "bad", chain(), json.dumps(["file:///nowhere/pack"]), name="bad")
    with serving(tmp_path / "specs", tmp_path / "server" / "data") as client:
        assert client.runs.execute({"default_value_0": "x"}, timeout=60).outputs[0].data == b"x"
    assert "bad: the pack file:///nowhere/pack can't be reached" in (tmp_path / "server" / "log").read_text()
