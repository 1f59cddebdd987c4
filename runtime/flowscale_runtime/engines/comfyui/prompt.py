"""One prompt on one server until it has ended, through lost connections and restarts of the server."""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import WebSocketException

from flowscale_runtime.engines.comfyui.client import Client
from flowscale_runtime.engines.comfyui.errors import Busy
from flowscale_runtime.engines.comfyui.hearing import Hearing
from flowscale_runtime.engines.comfyui.patience import patiently
from flowscale_runtime.engines.errors import HostDied
from flowscale_runtime.engines.teller import Teller

log = logging.getLogger(__name__)
LOOK_EVERY = 15.0  # seconds without a word after which the history is asked
POSTS = 3  # times that a prompt is posted to a server that forgets it
_LOST = (OSError, WebSocketException, httpx.TransportError, Busy)
Entry = dict[str, Any]


class Invalid(Exception):
    """The server refuses the graph; `said` is its answer, with `error` and `node_errors`."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        super().__init__("the graph is refused")
        self.said = said


class Prompt:
    """A graph that is computed for its `targets`. Its id is ours, so that it is known again whatever got lost."""

    def __init__(
        self,
        client: Client,
        graph: Mapping[str, Any],
        targets: Sequence[str],
        extra: Mapping[str, Any],
        teller: Teller,
        patience: float,
    ) -> None:
        self.id = str(uuid.uuid4())
        self.hearing = Hearing(self.id, len(graph), teller)
        self.removed = asyncio.Event()
        """Set once it was taken out of the queue before it began."""
        self._client, self._patience = client, patience
        self._tried, self._posts = False, 0
        self._message = {
            "prompt": graph,
            "prompt_id": self.id,
            "client_id": self.id,
            "partial_execution_targets": list(targets),
            "extra_data": dict(extra),
        }

    async def ended(self) -> Entry:
        """Its entry of the history. Raises Invalid, HostDied."""
        while True:
            found = await self._patiently(self._attached)
            if isinstance(found, dict):
                return found
            try:
                async with found:
                    return await self._followed(found)
            except _LOST as lost:
                log.warning("%s was lost: %s", self._client.url, lost)

    async def stop(self) -> None:
        """Takes it out of the queue, or interrupts it where it runs."""
        if await stopped(self._client, self.id):
            self.removed.set()

    async def _patiently(
        self, step: Callable[[], Awaitable[Entry | ClientConnection]]
    ) -> Entry | ClientConnection:
        try:
            return await patiently(self._patience, *_LOST)(step)
        except _LOST as error:
            raise HostDied(f"{self._client.url} was lost: {error or type(error).__name__}") from error

    async def _attached(self) -> Entry | ClientConnection:
        """A connection that hears of the prompt, which the server then has; or how it ended meanwhile."""
        connection = await self._client.listen(self.id)
        try:
            if self._tried and await self._client.where(self.id) is not None:
                return connection
            # The queue is asked first: what has left it is in the history by then.
            if not self._tried or (entry := await self._client.history(self.id)) is None:
                await self._post()
                return connection
        except BaseException:
            await connection.close()
            raise
        await connection.close()
        return entry

    async def _post(self) -> None:
        if self._posts == POSTS:
            raise HostDied(f"{self._client.url} has forgotten the prompt {POSTS} times: its log says why")
        self._tried = True  # an answer that gets lost leaves it in the queue
        said = await self._client.post(self._message)
        self._posts += 1
        if "prompt_id" not in said:
            raise Invalid(said)
        if said.get("node_errors"):  # a part of it would run
            await self.stop()
            raise Invalid(said)

    async def _followed(self, connection: ClientConnection) -> Entry:
        while True:
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    last = self.hearing.take(await connection.recv())
            except TimeoutError:
                last = await self._client.where(self.id) is None
            if last:
                if entry := await self._client.history(self.id):
                    return entry
                raise ConnectionError("the server has forgotten the prompt")


async def stopped(client: Client, prompt_id: str) -> bool:
    """Takes a prompt out of the queue, or interrupts it where it runs; whether nothing more will be heard of it."""
    try:
        if await client.where(prompt_id) == "pending":
            await client.remove(prompt_id)
        if await client.where(prompt_id) == "running":
            await client.interrupt(prompt_id)
            return False
        return await client.history(prompt_id) is None
    except (HostDied, *_LOST) as error:
        log.warning("prompt %s can't be stopped: %s", prompt_id, error)
        return False
