"""Servers as processes of their own, over one data folder that outlives them."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

HERE = Path(__file__).parent
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
spec: {workflow: blur, limits: {attempts: 10, queue: 1000}}
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


@dataclass
class Servers:
    """Starts servers one after another on the same folder and data."""

    folder: Path
    data: Path
    process: subprocess.Popen[bytes] | None = None
    ended: list[int] = field(default_factory=list)

    def start(self, step: str = "none", last: int = 1) -> None:
        (self.data / "server.json").unlink(missing_ok=True)
        with (self.data.parent / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, HERE / "server.py", self.folder, self.data, step, str(last)],
                stdout=log,
                stderr=log,
                env=os.environ | {"NO_PROXY": "127.0.0.1"},
            )

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        """A client of the server, once it takes runs."""
        while not (self.data / "server.json").exists() or not (self.data / "owner.key").exists():
            self.check()
            await asyncio.sleep(0.02)
        url = json.loads((self.data / "server.json").read_text())["url"]
        key = (self.data / "owner.key").read_text().strip()
        async with httpx.AsyncClient(base_url=url, headers={"X-API-KEY": key}, timeout=30) as client:
            while not await is_ready(client):
                self.check()
                await asyncio.sleep(0.05)
            yield client

    def check(self) -> None:
        """Fails with the server's last words where it ended by itself."""
        assert self.process
        if self.process.poll() not in (None, -signal.SIGKILL):
            pytest.fail((self.data.parent / "server.log").read_text()[-3000:])

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.ended.append(self.process.wait())

    async def died(self) -> bool:
        """Whether the server has killed itself."""
        assert self.process
        return await asyncio.to_thread(self.process.wait) == -signal.SIGKILL


async def is_ready(client: httpx.AsyncClient) -> bool:
    """Whether the server answers that it takes runs."""
    try:
        return (await client.get("/readyz")).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    folder, data = tmp_path / "spec", tmp_path / "data"
    folder.mkdir()
    data.mkdir()
    (folder / "flowscale.yaml").write_text(SPEC)
    (folder / "workflow.json").write_text(json.dumps(GRAPH))
    servers = Servers(folder, data)
    yield servers
    if servers.process and servers.process.poll() is None:
        servers.kill()
