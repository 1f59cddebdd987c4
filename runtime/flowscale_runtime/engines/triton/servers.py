"""The one Triton server of a worker: started when a host wants it, started anew when it has died."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from flowscale_runtime.engines.networks.values import Network
from flowscale_runtime.engines.triton import networks
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
        self._starting, self._loading = asyncio.Lock(), asyncio.Lock()
        self._users: Counter[str] = Counter()

    async def server(self) -> Server:
        """A server that takes models. Raises ServerDied."""
        async with self._starting:
            if self.current is None or not self.current.alive:
                await self._close()
                self.current = Server(self._installation)
                await self.current.start()
            return self.current

    async def serve(self, wanted: Sequence[Network]) -> None:
        """Has the server load networks, each once, and unload those that no host wants any more; what is asked of them
        ends first. Raises NotServed, ServerDied.
        """
        server = await self.server()
        async with self._loading:
            self._users.update(network.model for network in wanted)
            for network in wanted:
                if network.model not in server.networks:
                    config = networks.of_network(network, self._installation.backends, self.device())
                    server.repository.add(config, networks.files(network, config))
                    await server.client.load(network.model)
                    server.networks.add(network.model)
            for model in [model for model in server.networks if not self._users[model]]:
                await server.client.unload(model)
                server.networks.remove(model)
                server.repository.remove(model)

    def leave(self, wanted: Sequence[Network]) -> None:
        """A host that wanted networks has ended; they stay until another one starts without them."""
        self._users.subtract(network.model for network in wanted)

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
