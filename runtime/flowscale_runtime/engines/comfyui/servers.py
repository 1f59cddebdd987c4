"""Which server of a pool gets the next run: one that answers and has none of ours, with the shortest queue."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import httpx

from flowscale_runtime.engines.comfyui.client import Client
from flowscale_runtime.engines.comfyui.errors import Busy, NoServer, Refused
from flowscale_runtime.engines.comfyui.patience import PATIENCE, patiently


class Servers:
    """The servers that runs of this process are on."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._taken: set[str] = set()
        self.patience = patience

    @asynccontextmanager
    async def one(self, urls: Sequence[str]) -> AsyncIterator[Client]:
        """A server for one run, as soon as one is free. Raises NoServer."""
        url: str = await patiently(self.patience, NoServer)(self._take, urls)
        try:
            async with Client(url) as client:
                yield client
        finally:
            self._taken.discard(url)

    async def any(self, urls: Sequence[str]) -> str:
        """A server that answers now, whatever it does. Raises NoServer."""
        return _shortest(await _queues(urls))

    async def _take(self, urls: Sequence[str]) -> str:
        free = [url for url in urls if url not in self._taken]
        queues = await _queues(free)
        chosen = _shortest({url: found for url, found in queues.items() if url not in self._taken})
        self._taken.add(chosen)
        return chosen


async def _queues(urls: Sequence[str]) -> dict[str, int | str]:
    """Prompts that wait or run on each server, whoever sent them; or why it doesn't say."""
    return dict(zip(urls, await asyncio.gather(*map(_queue, urls)), strict=True))


async def _queue(url: str) -> int | str:
    async with Client(url) as client:
        try:
            return await client.queued()
        except (httpx.TransportError, Refused, Busy) as error:
            return str(error) or type(error).__name__


def _shortest(queues: Mapping[str, int | str]) -> str:
    lengths = {url: found for url, found in queues.items() if isinstance(found, int)}
    if not lengths:
        reasons = "; ".join(f"{url}: {found}" for url, found in queues.items())
        raise NoServer(f"no ComfyUI server is free ({reasons or 'all compute runs of this worker'})")
    return min(lengths, key=lengths.__getitem__)
