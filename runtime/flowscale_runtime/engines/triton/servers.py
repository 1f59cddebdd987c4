"""The one Triton server of a worker: started when a host wants it, started anew when it has died."""

import asyncio
import itertools
from pathlib import Path

from flowscale_runtime.engines.triton.installation import Installation
from flowscale_runtime.engines.triton.server import Server

GPUS = Path("/proc/driver/nvidia/gpus")


class Servers:
    """Holds the server of now."""

    def __init__(self, installation: Installation, gpus: int | None = None) -> None:
        self._installation = installation
        found = len(list(GPUS.iterdir())) if GPUS.is_dir() else 0
        self._devices = itertools.cycle(range(found if gpus is None else gpus) or (None,))
        self.current: Server | None = None
        self._starting = asyncio.Lock()

    async def server(self) -> Server:
        """A server that takes models. Raises ServerDied."""
        async with self._starting:
            if self.current is None or not self.current.alive:
                await self._close()
                self.current = Server(self._installation)
                await self.current.start()
            return self.current

    def device(self) -> int | None:
        """The GPU for the next host, each in turn; None on a machine without."""
        return next(self._devices)

    async def metrics(self) -> str:
        """What Triton counts, as Prometheus reads it; nothing while there is no server."""
        return await self.current.metrics() if self.current and self.current.alive else ""

    async def close(self) -> None:
        """Ends the server."""
        async with self._starting:
            await self._close()

    async def _close(self) -> None:
        if self.current:
            await self.current.close()
            self.current = None
