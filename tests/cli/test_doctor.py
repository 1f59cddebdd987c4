"""What the doctor sees, and how it ends."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowscale import installation
from flowscale_cli.checks import machine
from flowscale_cli.checks.findings import Finding
from flowscale_cli.checks.server import server as look
from harness import comfyui

NOBODY = "http://127.0.0.1:9"
Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def quick_torch(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Torch is asked in one test only: it takes seconds to load."""
    if "torch" not in request.node.name:
        monkeypatch.setattr(machine, "accelerator", lambda: iter(()))


def found(done: Any) -> dict[str, list[dict[str, str]]]:
    by_check: dict[str, list[dict[str, str]]] = {}
    for finding in json.loads(done.out)["findings"]:
        by_check.setdefault(finding["check"], []).append(finding)
    return by_check


def test_a_good_folder_is_ok(flowscale: Run) -> None:
    flowscale("init", "mine", "-t", "resize")
    done = flowscale("doctor", "mine", "--json")
    told = found(done)
    assert done.code == 0
    assert {finding["status"] for checks in told.values() for finding in checks} <= {"ok", "warn"}
    assert told["workflow mine"][0]["message"] == "3 nodes"
    assert told["specs"][0]["message"] == "2 documents declare mine"
    assert list(told) == [
        "python",
        "installation",
        "disk",
        "memory",
        "specs",
        "packs",
        "workflow mine",
        "lock",
        "server",
    ]


def test_it_reads_well_too(flowscale: Run) -> None:
    flowscale("init", "mine")
    done = flowscale("doctor", "mine")
    assert "ok   packs: " in done.out
    assert "warn lock: mine 1.0.0 is not pinned\n     run `flowscale pin`" in done.out
    assert "checks are ok" in done.err


def test_no_folder_fails(flowscale: Run) -> None:
    done = flowscale("doctor", "nowhere", "--json")
    assert (done.code, found(done)["specs"][0]["status"]) == (1, "fail")


def test_an_empty_folder_is_a_warning(flowscale: Run) -> None:
    done = flowscale("doctor", "--json")
    assert (done.code, found(done)["specs"][0]["status"]) == (0, "warn")


def test_wrong_specs_fail_one_by_one(flowscale: Run, tmp_path: Path) -> None:
    flowscale("init", "mine")
    spec = tmp_path / "mine/flowscale.yaml"
    spec.write_text(spec.read_text().replace("inputs:", "input:").replace("outputs:", "output:"))
    done = flowscale("doctor", "mine", "--json")
    assert done.code == 1
    assert [finding["status"] for finding in found(done)["specs"]] == ["fail", "fail"]


def test_missing_nodes_and_models_are_told(flowscale: Run, tmp_path: Path) -> None:
    graph = {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd.safetensors"}},
        "2": {"class_type": "Mystery", "inputs": {"model": ["1", 0]}},
    }
    (tmp_path / "w.json").write_text(json.dumps(graph))
    flowscale("import", "w.json", "w")
    done = flowscale("doctor", "w", "--json")
    told = found(done)
    assert done.code == 1
    assert "node 2 needs Mystery, which no pack offers" in [f["message"] for f in told["workflow w"]]
    (model,) = told["models of w"]
    assert (model["status"], "models/checkpoints" in model["hint"]) == ("fail", True)
    (tmp_path / "w/models/checkpoints").mkdir(parents=True)
    (tmp_path / "w/models/checkpoints/sd.safetensors").write_bytes(b"weights")
    assert found(flowscale("doctor", "w", "--json"))["models of w"][0]["status"] == "ok"


def test_a_model_of_other_bytes_fails(flowscale: Run, tmp_path: Path) -> None:
    flowscale("init", "mine")
    model = tmp_path / "mine/models/vae/small.safetensors"
    model.parent.mkdir(parents=True)
    model.write_bytes(b"other")
    spec = tmp_path / "mine/flowscale.yaml"
    models = f"  models:\n    - {{name: small.safetensors, kind: vae, sha256: {'0' * 64}}}\n---"
    spec.write_text(spec.read_text().replace("---", models))
    (finding,) = found(flowscale("doctor", "mine", "--json"))["models of mine"]
    assert (finding["status"], "another sha256" in finding["message"]) == ("fail", True)


def test_a_pack_that_does_not_load_fails(flowscale: Run, tmp_path: Path) -> None:
    flowscale("init", "mine")
    (tmp_path / "mine/custom_nodes").mkdir()
    (tmp_path / "mine/custom_nodes/broken.py").write_text("import nothing_like_this")
    done = flowscale("doctor", "mine", "--json")
    first = found(done)["packs"][0]
    assert (done.code, first["status"], first["message"].startswith("broken: ")) == (1, "fail", True)


def test_two_packages_of_one_name_fail(flowscale: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "mixed", lambda: "both are installed: take one away")
    done = flowscale("doctor", "--json")
    first = found(done)["installation"][0]
    assert (done.code, first) == (
        1,
        {
            "check": "installation",
            "status": "fail",
            "message": "both are installed",
            "hint": "take one away",
        },
    )


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "find_spec", lambda name: None if name == "av" else object())
    first = next(iter(machine.installation()))
    assert (first.status, first.message) == ("fail", "av not installed")
    assert "flowscale-platform[executor]" in first.hint


@pytest.mark.parametrize(
    ("version", "status"), [((3, 10, 9), "fail"), ((3, 11, 0), "ok"), ((3, 13, 1), "ok"), ((4, 0, 0), "ok")]
)
def test_an_old_python_fails(version: tuple[int, ...], status: str) -> None:
    (finding,) = machine.python(version)
    assert (finding.status, finding.message) == (status, f"Python {'.'.join(map(str, version))}")


@pytest.mark.parametrize(("free", "status"), [(0, "fail"), (2 << 30, "warn"), (100 << 30, "ok")])
def test_room_on_the_disk(free: int, status: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda path: type("Usage", (), {"free": free}))
    (finding,) = machine.disk(tmp_path / "not" / "there" / "yet")
    assert finding.status == status


@pytest.mark.slow
def test_torch_says_what_it_computes_on() -> None:
    (finding,) = machine.accelerator()
    assert (finding.status, finding.message.startswith("torch 2.")) == ("ok", True)


def test_a_server_that_does_not_answer_fails(free_port: Callable[[], int], tmp_path: Path) -> None:
    (finding,) = look(f"http://127.0.0.1:{free_port()}", tmp_path)
    assert (finding.status, "doesn't answer" in finding.message) == ("fail", True)


def test_a_server_that_has_ended_is_no_server(tmp_path: Path) -> None:
    (tmp_path / "server.json").write_text(json.dumps({"url": "http://127.0.0.1:9", "pid": 2**22 + 1}))
    (finding,) = look(None, tmp_path)
    assert finding == Finding("server", "ok", f"none runs on {tmp_path}")


@pytest.mark.services
def test_a_server_that_is_ready_is_ok(server: Any) -> None:
    (finding,) = look(None, server.data)
    assert (finding.status, finding.message) == ("ok", f"{server.url} takes work")


def test_nothing_is_written(flowscale: Run, tmp_path: Path) -> None:
    flowscale("init", "mine")
    before = sorted((tmp_path / "mine").iterdir())
    flowscale("doctor", "mine")
    assert sorted((tmp_path / "mine").iterdir()) == before


async def test_each_comfyui_server_is_asked_whether_it_is_there(flowscale: Run, tmp_path: Path) -> None:
    async with comfyui.running() as busy:
        busy.waiting = 3
        flowscale("init", "mine")
        spec = tmp_path / "mine/flowscale.yaml"
        deployment = f"kind: WorkflowDeployment\nmetadata: {{name: there}}\nspec: {{comfyui: [{busy.url}, {NOBODY}]}}\n"
        spec.write_text(f"{spec.read_text()}---\napiVersion: flowscale.ai/v1\n{deployment}")
        told = found(await asyncio.to_thread(flowscale, "doctor", "mine", "--json"))
    (there,) = told[f"ComfyUI {busy.url}"]
    assert (there["status"], there["message"]) == ("warn", "version 0.0.0, 3 prompts wait or run")
    (away,) = told[f"ComfyUI {NOBODY}"]
    assert (away["status"], away["hint"]) == ("fail", "start it, or correct `comfyui` of there")
