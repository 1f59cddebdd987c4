"""Batches on a real server: nothing is lost and nothing repeated, whatever dies, and the end is told."""

import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.echo import Served, write_specs

pytestmark = [pytest.mark.services]
ITEMS = 120
POISONED = {7, 50, 99}
BATCH = """
apiVersion: flowscale.ai/v1
kind: Batch
metadata: {name: texts}
spec: {deployment: echo, from: texts.csv, parallelism: 12, chunk: 25, outputs: {target: done, name: "{index}-{output}"}}
"""


@pytest.fixture
def served(tmp_path: Path, serve: Callable[[Path], Served]) -> Served:
    folder = write_specs(tmp_path / "specs", BATCH)
    rows = [f"{'poison' if number in POISONED else f'text {number}'},0.02" for number in range(ITEMS)]
    (folder / "texts.csv").write_text("text,seconds\n" + "\n".join(rows) + "\n")
    return serve(folder)


def killed(served: Served, batch_id: str | None, after: int) -> str:
    """Feeds a batch until the server has so many runs of it, then kills the feeder; the batch's id."""
    words = ("submit", "texts") if batch_id is None else ("feed", batch_id)
    feeder = served.command("batch", *words)
    assert feeder.stdout
    found = batch_id or feeder.stdout.readline().decode().strip()
    while len(served.runs(group_id=found)) < after:
        assert feeder.poll() is None, (served.folder / "commands.log").read_text()
        time.sleep(0.05)
    feeder.kill()
    feeder.communicate()
    return found


@pytest.mark.timeout(600)
def test_a_batch_whose_feeder_is_killed_again_and_again_loses_and_repeats_nothing(served: Served) -> None:
    batch_id = killed(served, None, 1)
    for after in (30, 75):
        killed(served, batch_id, after)
    last = served.command("batch", "submit", "texts", "--resume", batch_id)
    last.communicate()
    assert last.returncode == 5, (served.folder / "commands.log").read_text()

    runs = served.runs(group_id=batch_id)
    texts = Counter(
        next(one["value"] for one in run["inputs"] if one["path"].startswith("text")) for run in runs
    )
    assert texts.pop("poison") == len(POISONED)
    assert texts == {f"text {number}": 1 for number in range(ITEMS) if number not in POISONED}
    check_told(served, batch_id)


def check_told(served: Served, batch_id: str) -> None:
    """The manifest, the report, the status and the delivered files say the same."""
    home = served.data / "batches" / batch_id
    manifest = [json.loads(line) for line in (home / "manifest.jsonl").read_text().splitlines()]
    assert [one["index"] for one in manifest] == list(range(ITEMS))
    assert {one["index"] for one in manifest if one["state"] == "failed"} == POISONED
    report = (home / "report.md").read_text()
    assert f"{ITEMS - len(POISONED)} of {ITEMS} items completed" in report
    assert "this text is poisoned" in report
    status = json.loads((home / "status.json").read_text())
    assert status["state"] == "failed"
    assert status["counts"] == {"completed": ITEMS - len(POISONED), "failed": len(POISONED)}
    delivered = {
        int(path.name.partition("-")[0]): path.read_text() for path in (served.folder / "done").iterdir()
    }
    assert delivered == {n: f"text {n}" for n in range(ITEMS) if n not in POISONED}


@pytest.mark.timeout(600)
def test_a_cancelled_batch_begins_nothing_more_and_keeps_what_completed(served: Served) -> None:
    feeder = served.command("batch", "submit", "texts")
    assert feeder.stdout
    batch_id = feeder.stdout.readline().decode().strip()
    while not served.runs(group_id=batch_id, status="completed"):
        time.sleep(0.1)
    assert served.did("batch", "cancel", batch_id) == 0
    feeder.communicate()
    assert feeder.returncode == 5
    status = json.loads((served.data / "batches" / batch_id / "status.json").read_text())
    assert (status["state"], status["reason"]) == ("cancelled", "it was cancelled")
    assert status["counts"]["completed"] >= 1
    assert not served.runs(group_id=batch_id, status="queued")
    assert not served.runs(group_id=batch_id, status="running")
    assert served.did("batch", "results", batch_id, "-o", "saved") == 0
    saved = [path for path in (served.folder / "saved").iterdir() if path.suffix == ".txt"]
    assert len(saved) == status["counts"]["completed"]
