"""What the protocol asks of an engine."""

from collections.abc import Sequence
from typing import Protocol

from flowscale_runtime.engines.networks.values import Network, Tensor


class Networks(Protocol):
    """What computes the networks of `Model` specs outside of runs."""

    async def ready(self, network: Network) -> None:
        """Returns once the network is loaded. Raises NetworkError."""

    async def infer(self, network: Network, given: Sequence[Tensor]) -> list[Tensor]:
        """One pass; tensors in the order in which the spec declares them. Raises NetworkError."""
