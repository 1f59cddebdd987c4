"""A client of one ComfyUI server: what a run asks of it over HTTP."""

import ssl
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import anyio
import httpx
from websockets.asyncio.client import ClientConnection, connect

from flowscale_runtime.engines.comfyui.errors import Busy, Refused

TIMEOUT = httpx.Timeout(60, connect=5)
_LATER = {429, 502, 503, 504}


class Client:
    """One server. A call raises httpx.TransportError where it can't be reached, Busy where it asks to come again, and
    Refused where it answers as no ComfyUI does."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._http = httpx.AsyncClient(base_url=self.url, timeout=TIMEOUT, trust_env=False, verify=_tls())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def queued(self) -> int:
        """How many prompts wait or run."""
        found = await self._json("GET", "/prompt")
        try:
            return int(found["exec_info"]["queue_remaining"])
        except (KeyError, TypeError, ValueError) as error:
            raise Refused(f"{self.url} is no ComfyUI server: GET /prompt tells of no queue") from error

    async def definitions(self) -> bytes:
        """Its node classes, by name, as JSON."""
        reply = await self._http.get("/object_info")
        self._sound(reply)
        return reply.content

    async def post(self, prompt: Mapping[str, Any]) -> dict[str, Any]:
        """Queues a prompt; answers with what was said of it, also where it is refused as invalid."""
        reply = await self._http.post("/prompt", json=prompt)
        if reply.status_code != 400:
            self._sound(reply)
        found: dict[str, Any] = self._read(reply)
        return found

    async def history(self, prompt_id: str) -> dict[str, Any] | None:
        """How a prompt ended; None where it hasn't, or isn't known."""
        found: dict[str, Any] = await self._json("GET", f"/history/{prompt_id}")
        return found.get(prompt_id)

    async def where(self, prompt_id: str) -> str | None:
        """`running`, `pending`, or None where it isn't in the queue."""
        queue = await self._json("GET", "/queue")
        for state in ("running", "pending"):
            if any(item[1] == prompt_id for item in queue[f"queue_{state}"]):
                return state
        return None

    async def remove(self, prompt_id: str) -> None:
        """Takes a prompt out of the queue."""
        self._sound(await self._http.post("/queue", json={"delete": [prompt_id]}))

    async def interrupt(self, prompt_id: str) -> None:
        """Asks a prompt that runs to stop at its next node or step."""
        self._sound(await self._http.post("/interrupt", json={"prompt_id": prompt_id}))

    async def upload(self, path: Path) -> str:
        """Puts a file into the input folder; answers with the name that nodes read it by."""
        with path.open("rb") as file:
            reply = await self._http.post(
                "/upload/image",
                files={"image": (path.name, file, "application/octet-stream")},
                data={"type": "input", "subfolder": "flowscale"},
            )
        found = self._good(reply)
        return f"{found['subfolder']}/{found['name']}" if found.get("subfolder") else str(found["name"])

    async def download(self, file: Mapping[str, Any], path: Path) -> None:
        """Fetches what a node has saved."""
        named = {key: str(file.get(key) or "") for key in ("filename", "subfolder")}
        query = {**named, "type": str(file.get("type") or "output")}
        async with self._http.stream("GET", "/view", params=query) as reply:
            self._sound(reply)
            path.parent.mkdir(parents=True, exist_ok=True)
            async with await anyio.open_file(path, "wb") as out:
                async for chunk in reply.aiter_bytes():
                    await out.write(chunk)

    async def listen(self, client_id: str) -> ClientConnection:
        """A WebSocket on which this client is told of its prompts."""
        address = f"ws{self.url.removeprefix('http')}/ws?clientId={client_id}"
        return await connect(address, max_size=None, proxy=None, open_timeout=TIMEOUT.connect)

    async def _json(self, method: str, path: str) -> Any:
        return self._good(await self._http.request(method, path))

    def _good(self, reply: httpx.Response) -> Any:
        self._sound(reply)
        return self._read(reply)

    def _read(self, reply: httpx.Response) -> Any:
        try:
            return reply.json()
        except ValueError as error:
            raise Refused(f"{self.url} is no ComfyUI server: {reply.url.path} isn't JSON") from error

    def _sound(self, reply: httpx.Response) -> None:
        said = f"{self.url} answered {reply.url.path} with {reply.status_code}"
        if reply.status_code in _LATER:
            raise Busy(said)
        if not reply.is_success:
            raise Refused(said)


@cache
def _tls() -> ssl.SSLContext:
    """Made once: to read all certificates takes longer than a small run."""
    return httpx.create_ssl_context(trust_env=False)


def files_of(outputs: Mapping[str, Mapping[str, Sequence[Any]]]) -> Iterator[Mapping[str, Any]]:
    """Every file that nodes report."""
    for lists in outputs.values():
        for items in lists.values():
            if isinstance(items, list):
                yield from (item for item in items if isinstance(item, dict) and "filename" in item)
