"""Runs from the command line, on a real server: submit, wait, save, look, cancel, retry, measure."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from flowscale import FlowScaleClient
from flowscale_cli.progress import saved

pytestmark = pytest.mark.services
PROGRAM = Path(sys.executable).parent / "flowscale"
NOBODY = "0198c1de-7f3a-7b1e-a111-2f6d3c1b5a10"
Run = Callable[..., Any]


@pytest.fixture
def on_server(flowscale: Run, server: Any) -> Run:
    """The command, told of the server's data folder."""
    return lambda *words: flowscale(*words, "--data", server.data)


def test_a_run_saves_its_outputs(on_server: Run, tmp_path: Path) -> None:
    done = on_server("run", "hello", "-i", "name=Ada")
    (saved_at,) = done.out.splitlines()
    assert (done.code, (tmp_path / saved_at).read_text()) == (0, "Hello, Ada!")
    assert Path(saved_at).parent == Path("outputs")
    assert re.search(r"completed in [\d.]+ s for \$0\.000000", done.err)


def test_files_go_in_and_pictures_come_out(on_server: Run, media: Path, tmp_path: Path) -> None:
    done = on_server(
        "run", "resize", "-i", f"photo=@{media}/photo.png", "-i", "size:=48", "-o", "new/there", "--json"
    )
    told = json.loads(done.out)
    assert (done.code, told["status"], len(told["saved"])) == (0, "completed", 1)
    with Image.open(tmp_path / told["saved"][0]) as picture:
        assert picture.size == (48, 32)
    assert told["saved"][0].startswith("new/there/")


def test_a_run_that_fails_ends_with_5(on_server: Run) -> None:
    done = on_server("run", "slow", "-i", "seconds=-1")
    assert (done.code, done.out) == (5, "")
    assert "no sleep of less than nothing" in done.err
    assert "Traceback" not in done.err


def test_inputs_that_do_not_fit_end_with_1(on_server: Run) -> None:
    done = on_server("run", "slow", "-i", "second=1")
    assert (done.code, "'seconds'" in done.err) == (1, True)


def test_waiting_too_long_ends_with_1_and_the_run_goes_on(on_server: Run) -> None:
    done = on_server("run", "slow", "-i", "seconds=20", "--timeout", "0.5")
    assert (done.code, "goes on" in done.err) == (1, True)
    run_id = re.search(r"run (\S+) has not ended", done.err)
    assert run_id
    assert on_server("cancel", run_id[1]).code == 0


def test_a_run_can_be_started_and_fetched_later(on_server: Run, tmp_path: Path) -> None:
    started = on_server("run", "hello", "--no-wait")
    run_id = started.out.strip()
    assert (started.code, len(run_id)) == (0, 36)
    got = on_server("get", run_id, "-o", "later")
    assert (got.code, (tmp_path / got.out.strip()).read_text()) == (0, "Hello, world!")
    shown = json.loads(on_server("get", run_id, "--json").out)
    assert (shown["status"], shown["workflow_id"]) == ("completed", "hello")
    assert "status\tcompleted" in on_server("get", run_id).out.splitlines()


def test_a_cancelled_run_stays_cancelled(on_server: Run) -> None:
    run_id = on_server("run", "slow", "-i", "seconds=30", "--no-wait").out.strip()
    assert on_server("cancel", run_id).code == 0
    again = on_server("cancel", run_id)
    assert (again.code, "already cancelled" in again.err) == (1, True)
    assert on_server("get", run_id, "-o", "x").code == 5


def test_a_run_can_be_tried_again(on_server: Run) -> None:
    first = on_server("run", "hello", "-i", "name=Bob", "--no-wait").out.strip()
    again = on_server("retry", first)
    assert (again.code, again.out.strip() != first) == (0, True)
    got = on_server("get", again.out.strip(), "-o", "x")
    assert Path(got.out.strip()).read_text() == "Hello, Bob!"


def test_runs_are_listed_newest_first(on_server: Run) -> None:
    ids = [on_server("run", "hello", "--no-wait").out.strip() for _ in range(2)]
    listed = json.loads(on_server("runs", "--page-size", "2", "--json").out)
    assert [run["run_id"] for run in listed] == ids[::-1]
    lines = on_server("runs", "--page-size", "2").out.splitlines()
    assert lines[0].split("\t")[:3] == ["run_id", "workflow_id", "status"]
    assert len(lines) == 3


def test_logs_are_what_nodes_printed(on_server: Run) -> None:
    run_id = on_server("run", "slow", "-i", "seconds=0.25", "--no-wait").out.strip()
    done = on_server("logs", run_id, "--follow")
    assert (done.code, done.out) == (0, "sleeping for 0.25 s\n")
    assert on_server("logs", run_id).out == done.out


@pytest.mark.parametrize("verb", ["get", "logs", "cancel", "retry"])
def test_a_run_that_is_not_there_ends_with_1(on_server: Run, verb: str) -> None:
    done = on_server(verb, NOBODY)
    assert (done.code, NOBODY in done.err) == (1, True)


def test_ctrl_c_cancels_the_run(server: Any, tmp_path: Path, environment: dict[str, str]) -> None:
    command = [PROGRAM, "run", "slow", "-i", "seconds=60", "--data", server.data]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with FlowScaleClient(api_key=server.key, base_url=server.url) as client:
        (run,) = waited(
            lambda: [run for run in client.runs.list(status="running") if run.workflow_id == "slow"]
        )
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out) == (130, "")
        assert err.strip() == f"flowscale: interrupted: run {run.run_id} was cancelled"
        assert client.runs.get_status(run.run_id) == "cancelled"


def test_a_bench_counts_and_measures(on_server: Run) -> None:
    done = on_server("bench", "hello", "-n", "6", "-c", "2", "--json")
    told = json.loads(done.out)
    assert (done.code, told["runs"], told["completed"], told["failed"]) == (0, 6, 6, 0)
    assert told["latency"]["min"] <= told["latency"]["p50"] <= told["latency"]["max"]
    lines = on_server("bench", "hello", "-n", "2").out.splitlines()
    assert "runs\t2 completed, 0 failed, 0 from the cache" in lines


def test_a_bench_without_a_good_run_ends_with_5(on_server: Run) -> None:
    done = on_server("bench", "slow", "-i", "seconds=-1", "-n", "2")
    assert (done.code, "no run completed" in done.err) == (5, True)


def test_names_of_outputs_lead_nowhere_else(tmp_path: Path) -> None:
    class Output:
        def save(self, path: Path) -> Path:
            assert path.is_dir()  # so the client takes the name alone
            return path / "x"

    class Done:
        outputs = (Output(),)

    assert saved(Done(), tmp_path / "new") == [tmp_path / "new" / "x"]  # type: ignore[arg-type]


def waited(found: Callable[[], list[Any]]) -> list[Any]:
    """What is found, once there is something."""
    for _ in range(300):
        if there := found():
            return there
        time.sleep(0.1)
    raise AssertionError("nothing after 30 s")
