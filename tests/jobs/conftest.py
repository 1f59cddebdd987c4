"""Servers of folders, as processes of their own."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.echo import PROGRAM, Served, clean, ready


@pytest.fixture
def serve() -> Iterator[Callable[[Path], Served]]:
    """Serves folders until the test ends."""
    started: list[Served] = []

    def start(folder: Path) -> Served:
        log = (folder / "server.log").open("ab")
        with log:
            process = subprocess.Popen(
                [PROGRAM, "serve", str(folder), "--port", "0"], stdout=log, stderr=log, env=clean()
            )
        started.append(Served(folder, process))
        for _ in range(3000):
            assert process.poll() is None, (folder / "server.log").read_text()[-3000:]
            if (started[-1].data / "server.json").exists() and ready(started[-1].url):
                return started[-1]
            time.sleep(0.1)
        raise AssertionError((folder / "server.log").read_text()[-3000:])

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.send_signal(signal.SIGTERM)
            one.process.wait(30)
