"""flowscale simulate: traces against specs, at the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
SPEC = """
kind: Workflow
metadata: {name: portrait}
spec: {source: workflow.json}
---
kind: WorkflowDeployment
metadata: {name: portrait}
spec: {workflow: portrait, gpu: L4, scaling: {max: 2}}
"""


@pytest.fixture
def folder(flowscale: Run, tmp_path: Path) -> Path:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs/flowscale.yaml").write_text(SPEC)
    (tmp_path / "specs/workflow.json").write_text('{"1": {"class_type": "EmptyImage", "inputs": {}}}')
    (tmp_path / "specs/trace.csv").write_text("at,seconds\n0,10\n100,10\n")
    return tmp_path / "specs"


def test_the_spec_comes_first_and_alternatives_change_one_thing(flowscale: Run, folder: Path) -> None:
    done = flowscale("simulate", folder, "--trace", folder / "trace.csv", "--json", "--cold-start", 45)
    told = json.loads(done.out)
    assert (told[0]["change"], told[0]["runs"], told[0]["cold_starts"], told[0]["wait_p95"]) == (
        "",
        2,
        1,
        45.0,
    )
    costs = {each["change"]: each["cost"] for each in told}
    assert costs["gpu: H100"] == pytest.approx(costs[""] * 8)
    assert "min: 1" in costs


def test_a_table_for_people_and_a_picture(flowscale: Run, folder: Path) -> None:
    done = flowscale("simulate", folder, "--trace", folder / "trace.csv", "--chart", folder / "a.svg")
    rows = [line.split("\t") for line in done.out.splitlines()]
    assert rows[0][:3] == ["change", "cost", "per 1000"]
    assert rows[1][0] == "(the spec)"
    assert (folder / "a.svg").read_text().startswith("<?xml")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "give --trace FILE"),
        (("--trace", "none.csv"), "can't be read"),
        (("--trace", "specs/trace.csv", "--deployment", "other"), "choose one with --deployment: portrait"),
        (("--trace", "specs/trace.csv", "--speed", "H100"), "write it like A100-40=2.5"),
        (("--trace", "specs/trace.csv", "--speed", "X=2"), "a GPU type of CPU"),
        (("--trace", "specs/trace.csv", "--chart", "a.txt"), "end it with .png, .svg or .pdf"),
    ],
)
def test_what_is_missing_is_told(flowscale: Run, folder: Path, words: tuple[str, ...], message: str) -> None:
    done = flowscale("simulate", folder, *words)
    assert (done.code, message in done.err) == (2, True), done.err
