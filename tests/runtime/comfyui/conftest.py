"""One real server for all tests of the protocol, and a small client that knows nothing but the protocol."""

import io
import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
import websockets
from PIL import Image

HERE = Path(__file__).parent
SPEC = """
apiVersion: flowscale.ai/v1
kind: Workflow
metadata: {name: plain}
spec: {source: workflow.json, version: 1.0.0}
---
apiVersion: flowscale.ai/v1
kind: WorkflowDeployment
metadata: {name: plain}
spec: {workflow: plain}
"""
WORKFLOW = {
    "1": {"class_type": "TestSteps", "inputs": {"count": 1, "salt": ""}},
    "2": {"class_type": "TestShow", "inputs": {"text": ["1", 0]}},
}


@dataclass
class Server:
    """Where a server listens: `url` with keys, `open_url` for ComfyUI's clients."""

    url: str
    open_url: str
    key: str
    data: Path


@dataclass
class Client:
    """A client of ComfyUI: posts prompts, listens, looks."""

    http: httpx.AsyncClient
    url: str
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    _sockets: list[Any] = field(default_factory=list)

    async def listen(self, client_id: str | None = None, **flags: Any) -> "Ears":
        """A WebSocket; with flags they are announced first."""
        url = f"{self.url.replace('http', 'ws')}/ws?clientId={client_id or self.id}"
        socket = await websockets.connect(url, proxy=None, max_size=None)
        self._sockets.append(socket)
        ears = Ears(socket)
        ears.greeting = await ears.next()
        if flags:
            await socket.send(json.dumps({"type": "feature_flags", "data": flags}))
            ears.answer = await ears.next()
        return ears

    async def post(self, graph: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Posts a prompt; the answer's JSON."""
        reply = await self.http.post("/prompt", json={"prompt": graph, "client_id": self.id, **more})
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def refused(self, graph: Any, **more: Any) -> dict[str, Any]:
        """Posts a prompt that must be refused."""
        reply = await self.http.post("/prompt", json={"prompt": graph, "client_id": self.id, **more})
        assert reply.status_code == 400, reply.text
        return reply.json()

    async def run(self, graph: dict[str, Any], **more: Any) -> tuple[str, list[Any]]:
        """Posts a prompt and hears it to its end: its id and its messages."""
        ears = await self.listen()
        prompt_id = (await self.post(graph, **more))["prompt_id"]
        return prompt_id, await ears.until_end(prompt_id)

    async def get(self, path: str, **query: Any) -> Any:
        """The JSON of a route."""
        reply = await self.http.get(path, params=query)
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def history(self, prompt_id: str) -> dict[str, Any]:
        return (await self.get(f"/history/{prompt_id}"))[prompt_id]

    async def close(self) -> None:
        for socket in self._sockets:
            await socket.close()


class Ears:
    """What one WebSocket hears: texts as (type, data), binary frames as bytes."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.greeting: Any = None
        self.answer: Any = None

    async def next(self) -> Any:
        frame = await self.socket.recv()
        if isinstance(frame, bytes):
            return frame
        message = json.loads(frame)
        return message["type"], message["data"]

    async def until_end(self, prompt_id: str) -> list[Any]:
        """Everything up to the message that clients wait for."""
        return await self.until("executing", node=None, prompt_id=prompt_id)

    async def until(self, kind: str, **wanted: Any) -> list[Any]:
        """Everything up to a message with these values."""
        heard = []
        while True:
            heard.append(message := await self.next())
            named = isinstance(message, tuple) and message[0] == kind
            if named and all(message[1].get(name, "-") == value for name, value in wanted.items()):
                return heard


def kinds(heard: list[Any], *but: str) -> list[str]:
    """The types of messages, in order."""
    return [
        one[0] if isinstance(one, tuple) else "binary"
        for one in heard
        if not (isinstance(one, tuple) and one[0] in but)
    ]


def only(heard: list[Any], kind: str) -> list[dict[str, Any]]:
    """The data of the messages of one type."""
    return [one[1] for one in heard if isinstance(one, tuple) and one[0] == kind]


def png(colour: Any = "red", size: tuple[int, int] = (8, 6), mode: str = "RGB", **more: Any) -> bytes:
    """A small picture."""
    buffer = io.BytesIO()
    Image.new(mode, size, colour).save(buffer, "PNG", **more)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("comfyui")
    lay(root)
    with launched(root) as (server, _):
        yield server


def lay(root: Path) -> None:
    """A spec folder with the test's pack, and an empty data folder."""
    shutil.copytree(HERE / "pack", root / "spec" / "custom_nodes" / "pack")
    (root / "data").mkdir()
    (root / "spec" / "flowscale.yaml").write_text(SPEC)
    (root / "spec" / "workflow.json").write_text(json.dumps(WORKFLOW))


@contextmanager
def launched(root: Path, port: str = "0", *more: str) -> "Iterator[tuple[Server, subprocess.Popen[bytes]]]":
    """A server on these folders until the block ends; `port` is where ComfyUI's clients find it."""
    environment = os.environ | {"NO_PROXY": "127.0.0.1"}
    command = [sys.executable, HERE / "server.py", root / "spec", root / "data", port, *more]
    (root / "data" / "server.json").unlink(missing_ok=True)
    with (root / "server.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        yield wait_for(process, root / "data", root / "server.log"), process
    finally:
        process.terminate()
        process.wait()


def wait_for(process: "subprocess.Popen[bytes]", data: Path, log: Path) -> Server:
    """The server once it takes runs."""
    while True:
        if process.poll() is not None:
            pytest.fail(log.read_text()[-3000:])
        if (data / "owner.key").exists() and (data / "server.json").exists():
            facts = json.loads((data / "server.json").read_text())
            key = (data / "owner.key").read_text().strip()
            found = Server(facts["url"], facts["comfyui_url"], key, data)
            if answers(f"{found.url}/readyz") and answers(f"{found.open_url}/prompt"):
                return found
        time.sleep(0.05)


def answers(url: str) -> bool:
    """Whether somebody answers well."""
    try:
        return httpx.get(url, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
async def client(server: Server) -> AsyncIterator[Client]:
    """A client of the port without keys."""
    async with httpx.AsyncClient(base_url=server.open_url, timeout=60, trust_env=False) as http:
        client = Client(http, server.open_url)
        yield client
        await client.close()


@pytest.fixture(scope="session")
def kit() -> ModuleType:
    """This module, for its helpers."""
    return sys.modules[__name__]
