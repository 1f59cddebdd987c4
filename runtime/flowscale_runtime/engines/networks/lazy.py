"""The networks of a host that computes them itself, without torch until one is called."""

import importlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flowscale_runtime.engines.networks.values import Network

if TYPE_CHECKING:
    from flowscale_runtime.nodes.forward import Networks

LOCAL = "flowscale_runtime.engines.networks.local"  # brings torch


class Lazy:
    """Stands for local networks, which are made at the first pass."""

    def __init__(self, networks: Sequence[Mapping[str, Any]]) -> None:
        self._networks = tuple(map(Network.from_json, networks))
        self._made: Networks | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The networks that there are."""
        return tuple(network.name for network in self._networks)

    def forward(self, name: str, tensors: Sequence[Any]) -> list[Any]:
        """One pass of a network, here."""
        if self._made is None:
            self._made = importlib.import_module(LOCAL).LocalNetworks(self._networks)
        return self._made.forward(name, tensors)
