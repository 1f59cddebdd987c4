"""Triton as a worker's engine."""

from pathlib import Path

from flowscale_runtime.engines.triton.host import TritonHost
from flowscale_runtime.engines.triton.installation import Installation, find
from flowscale_runtime.engines.triton.servers import Servers
from flowscale_runtime.engines.values import Environment


class TritonEngine:
    """Makes hosts that live in one Triton server, which starts with the first of them. Raises EngineMissing."""

    def __init__(self, installation: Installation | None = None, gpus: int | None = None) -> None:
        self.servers = Servers(installation or find(), gpus)

    def host(self, environment: Environment, folder: Path, inputs: Path) -> TritonHost:
        """A host that isn't started."""
        return TritonHost(environment, folder, inputs, self.servers)

    async def metrics(self) -> str:
        """Triton's own metrics, as Prometheus reads them."""
        return await self.servers.metrics()

    async def close(self) -> None:
        """Ends the server, after its hosts."""
        await self.servers.close()
