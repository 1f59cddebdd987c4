"""Networks computed in the process that asks: what the in-process engine does with nodes that call networks."""

import gc
import time
from collections.abc import Iterable, Sequence
from typing import Any

import torch

from flowscale_runtime.engines.networks import runners
from flowscale_runtime.engines.networks.residency import Residency
from flowscale_runtime.engines.networks.values import Network
from flowscale_runtime.nodes.forward import unknown


class LocalNetworks:
    """Loads networks when they are first called and keeps those that fit into `budget` bytes."""

    def __init__(
        self, networks: Iterable[Network], budget: int | None = None, device: str | None = None
    ) -> None:
        self._networks = {network.name: network for network in networks}
        self._device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self._runners: Residency[runners.Runner] = Residency(budget, time.monotonic, let_go)

    @property
    def names(self) -> tuple[str, ...]:
        """The networks that there are."""
        return tuple(self._networks)

    @property
    def resident(self) -> tuple[str, ...]:
        """The networks in memory, by name and digest, the least used first."""
        return self._runners.keys

    def forward(self, name: str, tensors: Sequence[Any]) -> list[Any]:
        """One pass of a network."""
        network = self._networks.get(name)
        if network is None:
            raise unknown(name, self.names)
        return self.compute(network, tensors)

    def compute(self, network: Network, tensors: Sequence[Any]) -> list[Any]:
        """One pass of a network, whether it was named before or not. Raises NetworkError."""
        given = runners.check(network, tensors)
        return self.load(network)(given)

    def load(self, network: Network) -> runners.Runner:
        """Has a network in memory. Raises CantLoad."""
        size = network.memory or network.file.stat().st_size
        return self._runners.get(network.model, size, lambda: runners.load(network, self._device))


def let_go() -> None:
    """Memory of what was evicted goes back to the device."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
