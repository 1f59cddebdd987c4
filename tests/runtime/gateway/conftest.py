"""A gateway on real stores in a temporary folder, with a scripted worker in the place of host processes."""

import asyncio
import io
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import httpx
import orjson
import pytest
import uvicorn
from fastapi import FastAPI
from PIL import Image

from flowscale_runtime.gateway.access import Gate
from flowscale_runtime.gateway.admission import Admission
from flowscale_runtime.gateway.app import create_app
from flowscale_runtime.gateway.catalog import Served
from flowscale_runtime.gateway.fetching import Fetcher
from flowscale_runtime.gateway.folder import Description, SpecFolder
from flowscale_runtime.gateway.identity import Issuers
from flowscale_runtime.gateway.links import Links
from flowscale_runtime.gateway.metering import Meter
from flowscale_runtime.gateway.metrics import Metrics
from flowscale_runtime.gateway.rates import LocalRates
from flowscale_runtime.gateway.sources import Sources
from flowscale_runtime.gateway.state import State
from flowscale_runtime.gateway.tokens import Tokens
from flowscale_runtime.nodes import packs
from flowscale_runtime.packs.provision import Provision
from flowscale_runtime.stores import keys, migrate, outcomes, queue
from flowscale_runtime.stores.bus import Bus
from flowscale_runtime.stores.database import SqliteDatabase
from flowscale_runtime.stores.objects import FolderObjects
from flowscale_runtime.stores.parts import FolderParts
from flowscale_runtime.stores.values import SECOND, Artifact, Change, Claimed, Outcome

GRAPH = {
    "1": {"class_type": "FSLoadText", "inputs": {"default_value": "a fox", "label": "Prompt"}},
    "2": {"class_type": "FSLoadInteger", "inputs": {"default_value": 20, "label": "Steps"}},
    "3": {"class_type": "FSSaveText", "inputs": {"text": ["1", 0], "filename_prefix": "words", "label": ""}},
    "4": {
        "class_type": "FSSaveInteger",
        "inputs": {"integer": ["2", 0], "filename_prefix": "count", "label": ""},
    },
}
PHOTO = {
    "1": {"class_type": "FSLoadImage", "inputs": {"image": "", "label": "Photo"}},
    "2": {
        "class_type": "FSSaveImage",
        "inputs": {
            "images": ["1", 0],
            "filename_prefix": "photo",
            "format": "png",
            "quality": 95,
            "lossless": False,
            "label": "",
        },
    },
}
INPUTS = """
  inputs:
    prompt: {from: 1.default_value, label: Prompt, maxLength: 100}
    steps: {from: 2.default_value, type: integer, default: 20, minimum: 1, maximum: 50}
"""
WORKFLOW = f"""
apiVersion: flowscale.ai/v1
kind: Workflow
metadata: {{name: words}}
spec:
  source: words.json
  version: 1.0.0
{INPUTS}
"""
PHOTO_WORKFLOW = """
apiVersion: flowscale.ai/v1
kind: Workflow
metadata: {name: photo}
spec: {source: photo.json, version: 1.0.0, inputs: {image: {from: 1.image, type: image, required: true}}}
"""


def deployment(name: str, workflow: str = "words", **spec: Any) -> str:
    """A WorkflowDeployment document."""
    return orjson.dumps(
        {
            "apiVersion": "flowscale.ai/v1",
            "kind": "WorkflowDeployment",
            "metadata": {"name": name},
            "spec": {"workflow": workflow, **spec},
        }
    ).decode()


def png(colour: str = "red", size: tuple[int, int] = (8, 6)) -> bytes:
    """A small picture."""
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


@dataclass
class Clock:
    """Real time that a test can move on."""

    ahead: float = 0.0

    def __call__(self) -> int:
        return time.time_ns() // 1000 + int(self.ahead * SECOND)


@dataclass
class Server:
    """The gateway under test and what stands around it."""

    app: FastAPI
    state: State
    clock: Clock
    folder: Path
    client: httpx.AsyncClient
    specs: SpecFolder
    owner: str
    work: asyncio.Event
    delivering: asyncio.Event

    async def key(self, role: str = "viewer", project: str | None = None, **terms: Any) -> str:
        """A new key."""
        project = project or self.state.served.catalog.project
        _, secret = await self.state.database.write(keys.create, project, role, role, self.clock(), **terms)
        return secret

    async def serve(self, *documents: str) -> None:
        """Serves these documents."""
        (self.folder / "specs.yaml").write_text("\n---\n".join(documents))
        self.state.served.catalog = await self.specs.load()
        assert not self.state.served.catalog.problems

    async def submit(self, **inputs: Any) -> dict[str, Any]:
        """Submits a run as a form; answers with `data`."""
        reply = await self.client.post("/api/v1/runs", data=inputs)
        assert reply.status_code == 200, reply.text
        return reply.json()["data"]

    async def claim(self, count: int = 1) -> list[Claimed]:
        """What a worker would take now."""
        versions = [
            version for one in self.state.served.catalog.deployments.values() for version in one.versions
        ]
        capacity = {version.environment.name: count for version in versions}
        now = self.clock()
        claimed = await self.state.database.write(queue.claim, "test", capacity, count, 30 * SECOND, now)
        for run in claimed:
            self.state.bus.publish(run.events)
        return claimed

    async def finish(self, run: Claimed, outcome: Outcome | None = None) -> Change:
        """Ends a claimed run; each node gives a text unless an outcome is given."""
        outcome = outcome or self.gave(("3", b"a fox"), ("4", b"20"))
        change = await self.state.database.write(
            outcomes.finish, run.run_id, run.fence, outcome, self.clock()
        )
        self.state.bus.publish(change.events)
        return change

    def gave(self, *files: tuple[str, bytes], kind: str = "text/plain", extension: str = ".txt") -> Outcome:
        """An outcome with files by node."""
        artifacts = [
            Artifact(node, self.state.objects.put(data), extension, kind, len(data), {})
            for node, data in files
        ]
        timings = {node: 0.25 for node, _ in files}
        return Outcome("completed", 0.5, tuple(artifacts), timings=timings, log="loaded\ndone\n")

    async def run(self, outcome: Outcome | None = None, **inputs: Any) -> dict[str, Any]:
        """Submits a run and computes it; answers with what the API shows then."""
        submitted = await self.submit(**inputs)
        [claimed] = await self.claim()
        await self.finish(claimed, outcome)
        return (await self.client.get(f"/api/v1/runs/{submitted['run_id']}")).json()["data"]

    def as_(self, key: str | None) -> dict[str, str]:
        """Headers that replace the owner's key."""
        return {"x-api-key": key} if key else {"x-api-key": ""}


@asynccontextmanager
async def working(server: Server, compute: Callable[[Claimed], Outcome | None]) -> AsyncIterator[None]:
    """A worker that computes what is submitted until the block ends."""

    async def loop() -> None:
        while True:
            await server.work.wait()
            server.work.clear()
            while claimed := await server.claim():
                for run in claimed:
                    await server.finish(run, compute(run))

    server.work.set()
    task = asyncio.create_task(loop())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(scope="session")
def description() -> Description:
    loaded = packs.load()
    return Description(loaded.definitions, loaded.digest)


@pytest.fixture
async def server(tmp_path: Path, description: Description) -> AsyncIterator[Server]:
    """A gateway that serves the deployment `words`; its client sends the owner's key."""
    async with gateway(tmp_path, description) as made:
        await made.serve(WORKFLOW, deployment("words", limits={"concurrency": 8}))
        yield made


@asynccontextmanager
async def gateway(path: Path, description: Description) -> AsyncIterator[Server]:
    """A gateway on stores under `path`."""
    folder = path / "specs"
    folder.mkdir()
    (folder / "words.json").write_bytes(orjson.dumps(GRAPH))
    (folder / "photo.json").write_bytes(orjson.dumps(PHOTO))
    database, objects = SqliteDatabase(path / "flowscale.db"), FolderObjects(path / "objects")
    await database.write(migrate.upgrade)
    clock, bus, served = Clock(), Bus(), Served(ready=True)
    work, delivering = asyncio.Event(), asyncio.Event()
    fetcher = Fetcher(objects, private=True)
    links = Links("secret", clock)
    sources = Sources(objects, fetcher, links, database)
    app = create_app(None)  # type: ignore[arg-type]  # no lifespan: the state is put there by hand

    async def describe(environment: Any) -> Description:
        return description

    app.state.gateway = State(
        served=served,
        database=database,
        objects=objects,
        parts=FolderParts(path / "uploads"),
        bus=bus,
        gate=Gate(database, clock, Tokens("secret" * 6, clock), Issuers(served, clock), LocalRates(clock)),
        links=links,
        sources=sources,
        admission=Admission(database, sources, bus, clock, work.set),
        metrics=Metrics(),
        meter=Meter(database, served, clock),
        clock=clock,
        wake=work.set,
        hosts=lambda: [{"container": "host-1", "status": "idle", "run_id": None}],
        deliver=delivering.set,
    )
    _, owner = await database.write(keys.create, "default", "owner", "owner", clock())
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://flowscale.test", headers={"x-api-key": owner}
    )
    specs = SpecFolder(folder, None, objects, describe, provision=Provision(path / "packs"))
    yield Server(app, app.state.gateway, clock, folder, client, specs, owner, work, delivering)
    await client.aclose()
    await fetcher.close()
    await database.close()


@asynccontextmanager
async def listening(app: Any, lifespan: Literal["on", "off"] = "off") -> AsyncIterator[str]:
    """An application on a real port of this machine; gives its URL."""
    config = uvicorn.Config(app, port=0, lifespan=lifespan, log_config=None, access_log=False)
    running = uvicorn.Server(config)
    socket = config.bind_socket()
    task = asyncio.create_task(running.serve(sockets=[socket]))
    while not running.started:
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    finally:
        running.should_exit = True
        await task
        socket.close()


@pytest.fixture(scope="session")
def kit() -> ModuleType:
    """This module, for its helpers."""
    return sys.modules[__name__]
