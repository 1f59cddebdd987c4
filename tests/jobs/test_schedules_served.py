"""Schedules beside a real server, on a clock of the test's own: what is due is started once, also over restarts."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flowscale_jobs.schedules.serving import Schedules
from harness.echo import Served, write_specs

pytestmark = [pytest.mark.services, pytest.mark.timeout(600)]
SPECS = """
apiVersion: flowscale.ai/v1
kind: Schedule
metadata: {name: minutely}
spec: {cron: "* * * * *", run: {deployment: echo}, inputs: {text: "at ${time}"}}
---
apiVersion: flowscale.ai/v1
kind: Schedule
metadata: {name: stock}
spec:
  change: {database: {secret: shop/url}, table: inventory, condition: quantity > 0, every: 1s}
  run: {deployment: echo}
  inputs: {text: "${row.name}"}
"""


async def until(served: Served, texts: list[str]) -> None:
    """Returns when the server's completed runs have these texts, in any order."""
    while True:
        runs = await asyncio.to_thread(served.runs, status="completed")
        found = sorted(
            one["value"] for run in runs for one in run["inputs"] if one["path"].startswith("text")
        )
        if found == sorted(texts):
            return
        assert len(found) <= len(texts), found
        await asyncio.sleep(0.2)


async def test_what_is_due_and_what_changed_is_started_once(
    tmp_path: Path, serve: Callable[[Path], Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    served = serve(write_specs(tmp_path / "specs"))
    (served.folder / "schedules.yaml").write_text(SPECS)
    monkeypatch.setenv("SHOP_URL", f"sqlite:///{tmp_path}/shop.db")
    with sqlite3.connect(tmp_path / "shop.db") as shop:
        shop.execute("CREATE TABLE inventory (name TEXT, quantity INTEGER, updated_at INTEGER)")
        shop.executemany(
            "INSERT INTO inventory VALUES (?, ?, ?)", [("cup", 3, 1), ("pan", 0, 1), ("pot", 1, 1)]
        )
    clock = [datetime(2026, 1, 1, 12, 0, 30, tzinfo=UTC)]

    def loop() -> "asyncio.Task[None]":
        schedules = Schedules(
            served.folder, None, tmp_path / "state", lambda: (served.url, served.key), lambda: clock[0]
        )
        return asyncio.create_task(schedules.run())

    first = loop()
    await until(served, ["cup", "pot"])
    clock[0] += timedelta(minutes=1)
    await until(served, ["cup", "pot", "at 2026-01-01T12:01:00+00:00"])
    first.cancel()
    with suppress(asyncio.CancelledError):
        await first
    with shop:
        shop.execute("INSERT INTO inventory VALUES ('lid', 2, 1)")
    shop.close()
    clock[0] += timedelta(minutes=3)
    second = loop()
    expected = ["cup", "pot", "lid", "at 2026-01-01T12:01:00+00:00", "at 2026-01-01T12:04:00+00:00"]
    await until(served, expected)
    second.cancel()
    with suppress(asyncio.CancelledError):
        await second
