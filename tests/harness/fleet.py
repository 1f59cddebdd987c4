"""Gateways and workers as processes of their own over one PostgreSQL, one S3 bucket and one spec folder."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from harness.postgres import Postgres
from harness.s3 import S3

PROGRAM = Path(sys.executable).parent / "flowscale"
KEY = "fs_the-owner-of-these-tests"
INTERNAL = "internal-token"


@dataclass
class Fleet:
    """Processes that are started, killed and started again by name. `program` is what runs in their place."""

    folder: Path
    place: Path
    environment: dict[str, str]
    deployment: str
    program: tuple[str | Path, ...] = (PROGRAM,)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def gateway(self, name: str = "gateway", *options: str) -> None:
        """Starts a gateway."""
        self.start(name, ["gateway", "--folder", str(self.folder), "--port", "0", *options])

    def worker(self, name: str = "worker", *options: str) -> None:
        """Starts a worker."""
        self.start(name, ["worker", "--deployment", self.deployment, *options])

    def start(self, name: str, command: list[str]) -> None:
        """Starts a process with a data folder and a log of its own."""
        data = self.place / name
        data.mkdir(exist_ok=True)
        (data / "server.json").unlink(missing_ok=True)
        with (self.place / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [*self.program, *command, "--data", str(data), "--log-format", "json"],
                stdout=log,
                stderr=log,
                env=os.environ | self.environment,
            )

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> int:
        """Ends a process; answers with its exit status."""
        process = self.processes.pop(name)
        process.send_signal(how)
        return process.wait(120)

    def said(self, name: str) -> str:
        """What a process has written."""
        return (self.place / f"{name}.log").read_text()

    def check(self, name: str) -> None:
        """Fails with a process's last words where it ended by itself."""
        if self.processes[name].poll() not in (None, -signal.SIGKILL):
            pytest.fail(self.said(name)[-3000:])

    def url(self, name: str = "gateway") -> str | None:
        """Where a gateway listens, once it does."""
        facts = self.place / name / "server.json"
        return str(json.loads(facts.read_text())["url"]) if facts.exists() else None

    @asynccontextmanager
    async def client(self, name: str = "gateway", key: str = KEY) -> AsyncIterator[httpx.AsyncClient]:
        """A client of a gateway, once it takes runs."""
        while (url := self.url(name)) is None:
            self.check(name)
            await asyncio.sleep(0.02)
        async with httpx.AsyncClient(base_url=url, headers={"X-API-KEY": key}, timeout=60) as client:
            while not await is_ready(client):
                self.check(name)
                await asyncio.sleep(0.05)
            yield client


async def is_ready(client: httpx.AsyncClient) -> bool:
    """Whether a gateway answers that it takes runs."""
    try:
        return (await client.get("/readyz")).status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def fleet(
    place: Path, postgres: Postgres, s3: S3, deployment: str, spec: str, **files: object
) -> Iterator[Fleet]:
    """A fleet without any process yet, for a spec and workflow files by name; all it started ends with the block."""
    folder = place / "spec"
    folder.mkdir()
    (folder / "flowscale.yaml").write_text(spec)
    for name, graph in files.items():
        (folder / f"{name}.json").write_text(json.dumps(graph))
    environment = {
        "FLOWSCALE_DATABASE": postgres.fresh(),
        "FLOWSCALE_OBJECTS": s3.url(place.name),
        "FLOWSCALE_OWNER_KEY": KEY,
        "FLOWSCALE_INTERNAL_TOKEN": INTERNAL,
        "NO_PROXY": "127.0.0.1",
        **s3.environment,
    }
    made = Fleet(folder, place, environment, deployment)
    try:
        yield made
    finally:
        for name in list(made.processes):
            made.kill(name)
