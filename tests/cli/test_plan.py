"""flowscale plan: what a change means, at the command line."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

Run = Callable[..., Any]
SPEC = """
kind: Workflow
metadata: {name: portrait}
spec: {}
---
kind: WorkflowDeployment
metadata: {name: portrait}
spec: {gpu: L4, scaling: {max: MOST}}
---
kind: Environment
metadata: {name: production}
spec: {namespace: pictures}
---
kind: Policy
metadata: {name: few}
spec: {rule: deployment.scaling.max <= 8, message: Take eight at most.}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in git, whose deployment may have two instances, with a change to four that isn't committed."""
    folder = tmp_path / "specs"
    folder.mkdir()
    (folder / "workflow.json").write_text("{}")
    (folder / "flowscale.lock").write_text(
        f"apiVersion: flowscale.ai/v1\nreleases:\n  portrait:\n    1.0.0: sha256:{'0f' * 32}\n"
    )
    (folder / "flowscale.yaml").write_text(SPEC.replace("MOST", "2"))
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run(
            ["git", *who, *words], cwd=folder, check=True, env={**os.environ, "HOME": str(tmp_path)}
        )
    (folder / "flowscale.yaml").write_text(SPEC.replace("MOST", "4"))
    return folder


def test_a_plan_against_git_tells_fields_and_dollars(flowscale: Run, folder: Path) -> None:
    done = flowscale("plan", folder, "-e", "production", "--against", "HEAD", "--json")

    assert done.code == 0
    (told,) = json.loads(done.out)
    assert told["counts"] == {"add": 0, "change": 2, "replace": 0, "remove": 0}
    assert told["total"]["before"] == {"floor": 0, "ceiling": 1_000_000}
    assert told["total"]["after"] == {"floor": 0, "ceiling": 2_000_000}


def test_a_comment_for_a_pull_request(flowscale: Run, folder: Path) -> None:
    done = flowscale("plan", folder, "-e", "production", "--against", "HEAD", "--markdown")

    assert done.out.startswith("### FlowScale plan: production: 2 to change (compared with HEAD)")
    assert "+   spec.scaling.max: 4" in done.out


def test_objects_can_be_written_and_compared_with(flowscale: Run, folder: Path) -> None:
    done = flowscale("plan", folder, "-e", "production", "--yaml")
    (folder.parent / "objects.yaml").write_text(done.out)

    again = flowscale("plan", folder, "-e", "production", "--against", folder.parent / "objects.yaml")

    assert "Namespace" in {item["kind"] for item in yaml.safe_load_all(done.out)}
    assert "production is as wanted" in again.out


def test_a_policy_that_forbids_ends_with_its_own_code(flowscale: Run, folder: Path) -> None:
    (folder / "flowscale.yaml").write_text(SPEC.replace("MOST", "9"))

    done = flowscale("plan", folder, "--against", "nothing")

    assert done.code == 7
    assert "portrait breaks few: Take eight at most." in done.out
    assert "few: a policy forbids this plan" in done.err


def test_what_is_not_pinned_is_told(flowscale: Run, folder: Path) -> None:
    (folder / "flowscale.lock").unlink()

    done = flowscale("plan", folder, "--against", "nothing")

    assert done.code == 3
    assert "flowscale.lock doesn't name portrait 1.0.0: run `flowscale pin`" in done.err


def test_a_revision_that_is_not_there_is_told(flowscale: Run, folder: Path) -> None:
    done = flowscale("plan", folder, "--against", "nowhere")

    assert done.code == 2
    assert "at nowhere" in done.err


def test_two_outputs_at_once_are_refused(flowscale: Run, folder: Path) -> None:
    assert flowscale("plan", folder, "--json", "--markdown").code == 2
