"""Triton as a worker's engine."""

from collections.abc import Sequence
from pathlib import Path

from flowscale_runtime.engines.errors import HostDied
from flowscale_runtime.engines.networks.errors import Broke, CantLoad
from flowscale_runtime.engines.networks.values import Network, Tensor
from flowscale_runtime.engines.triton.errors import CallFailed, NotServed
from flowscale_runtime.engines.triton.host import TritonHost
from flowscale_runtime.engines.triton.installation import Installation, find
from flowscale_runtime.engines.triton.server import Server
from flowscale_runtime.engines.triton.servers import Servers
from flowscale_runtime.engines.values import Environment


class TritonEngine:
    """Makes hosts that live in one Triton server, which starts with the first of them. Raises EngineMissing."""

    def __init__(self, installation: Installation | None = None, gpus: int | None = None) -> None:
        self.servers = Servers(installation or find(), gpus)
        self._asked: dict[str, Network] = {}

    def host(self, environment: Environment, folder: Path, inputs: Path) -> TritonHost:
        """A host that isn't started."""
        return TritonHost(environment, folder, inputs, self.servers)

    async def ready(self, network: Network) -> None:
        """Returns once the server has loaded a network. Raises NetworkError."""
        await self._held(network)

    async def infer(self, network: Network, given: Sequence[Tensor]) -> list[Tensor]:
        """One pass of a network, in a batch with whoever asks at the same time. Raises NetworkError."""
        server = await self._held(network)
        try:
            return await server.client.infer(network.model, given, network.outputs)
        except CallFailed as error:
            raise Broke(f"{network.name}: {error}") from error

    async def _held(self, network: Network) -> Server:
        """The server, once it has a network; the one that had its name before may go."""
        try:
            server = await self.servers.server()
            if network.model not in server.networks or self._asked.get(network.name) != network:
                await self.servers.serve([network])
                if before := self._asked.get(network.name):
                    self.servers.leave([before])
                self._asked[network.name] = network
        except (NotServed, HostDied) as error:
            raise CantLoad(f"{network.name}: {error}") from error
        return server

    async def metrics(self) -> str:
        """Triton's own metrics, as Prometheus reads them."""
        return await self.servers.metrics()

    async def close(self) -> None:
        """Ends the server, after its hosts."""
        await self.servers.close()
