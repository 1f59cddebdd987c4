"""Gateways and workers as processes of their own, over PostgreSQL and S3."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from harness.postgres import Postgres
from harness.s3 import S3

SPEC = """
apiVersion: flowscale.ai/v1
kind: Workflow
metadata: {name: blur}
spec:
  source: workflow.json
  version: 1.0.0
  inputs:
    color: {from: 1.color}
---
apiVersion: flowscale.ai/v1
kind: WorkflowDeployment
metadata: {name: blur}
spec: {workflow: blur, limits: {attempts: 10, queue: 10000, concurrency: 100}}
"""
GRAPH = {
    "1": {"class_type": "EmptyImage", "inputs": {"width": 96, "height": 64, "batch_size": 1, "color": 0}},
    "2": {"class_type": "ImageBlur", "inputs": {"image": ["1", 0], "blur_radius": 3, "sigma": 1.0}},
    "3": {
        "class_type": "FSSaveImage",
        "inputs": {
            "images": ["2", 0],
            "filename_prefix": "blurred",
            "format": "png",
            "quality": 95,
            "lossless": False,
            "label": "Blurred",
        },
    },
}
PROGRAM = Path(sys.executable).parent / "flowscale"
KEY = "fs_the-owner-of-these-tests"
INTERNAL = "internal-token"


@dataclass
class Fleet:
    """Processes over one database, one bucket and one spec folder."""

    folder: Path
    place: Path
    environment: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def gateway(self, name: str = "gateway", *options: str) -> None:
        """Starts a gateway."""
        self.start(name, ["gateway", "--folder", str(self.folder), "--port", "0", *options])

    def worker(self, name: str = "worker", *options: str) -> None:
        """Starts a worker."""
        self.start(name, ["worker", "--deployment", "blur", *options])

    def start(self, name: str, command: list[str]) -> None:
        data = self.place / name
        data.mkdir(exist_ok=True)
        (data / "server.json").unlink(missing_ok=True)
        with (self.place / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [PROGRAM, *command, "--data", str(data), "--log-format", "json"],
                stdout=log,
                stderr=log,
                env=os.environ | self.environment,
            )

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> int:
        """Ends a process; answers with its exit status."""
        process = self.processes.pop(name)
        process.send_signal(how)
        return process.wait(60)

    def said(self, name: str) -> str:
        """What a process has written."""
        return (self.place / f"{name}.log").read_text()

    def check(self, name: str) -> None:
        """Fails with a process's last words where it ended by itself."""
        if self.processes[name].poll() is not None:
            pytest.fail(self.said(name)[-3000:])

    @asynccontextmanager
    async def client(self, name: str = "gateway", key: str = KEY) -> AsyncIterator[httpx.AsyncClient]:
        """A client of a gateway, once it takes runs."""
        facts = self.place / name / "server.json"
        while not facts.exists():
            self.check(name)
            await asyncio.sleep(0.02)
        url = json.loads(facts.read_text())["url"]
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


@pytest.fixture
def fleet(tmp_path: Path, postgres_server: Postgres, s3_server: S3) -> Iterator[Fleet]:
    folder = tmp_path / "spec"
    folder.mkdir()
    (folder / "flowscale.yaml").write_text(SPEC)
    (folder / "workflow.json").write_text(json.dumps(GRAPH))
    environment = {
        "FLOWSCALE_DATABASE": postgres_server.fresh(),
        "FLOWSCALE_OBJECTS": s3_server.url(tmp_path.name),
        "FLOWSCALE_OWNER_KEY": KEY,
        "FLOWSCALE_INTERNAL_TOKEN": INTERNAL,
        "NO_PROXY": "127.0.0.1",
        **s3_server.environment,
    }
    fleet = Fleet(folder, tmp_path, environment)
    yield fleet
    for name in list(fleet.processes):
        fleet.kill(name)


@pytest.fixture
def submit() -> Callable[..., object]:
    async def one(client: httpx.AsyncClient, color: int = 1, **query: str) -> str:
        reply = await client.post("/api/v1/runs", data={"color": str(color)}, params=query)
        assert reply.status_code == 200, reply.text
        return str(reply.json()["data"]["run_id"])

    return one
