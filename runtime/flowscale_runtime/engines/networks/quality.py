"""What quantisation costs: a network and its quantised form on the same sample."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from flowscale_runtime.engines.networks import runners
from flowscale_runtime.engines.networks.values import Network

SEED = 20_260
ANY = 32  # elements along a side of any size


@dataclass(frozen=True, slots=True)
class Loss:
    """Absolute errors over all outputs, and the ratio of signal to error in decibels."""

    mean: float
    largest: float
    decibels: float

    def __str__(self) -> str:
        return f"mean error {self.mean:.2g}, largest {self.largest:.2g}, {self.decibels:.1f} dB"


def measure(network: Network, sample: Sequence[torch.Tensor] | None = None) -> Loss:
    """The loss of a quantised network; on noise of a fixed seed where there is no sample."""
    given = list(sample or noise(network))
    exact = runners.load(replace(network, quantization="none"))(given)
    return compared(exact, runners.load(network)(given))


def compared(exact: Sequence[torch.Tensor], found: Sequence[torch.Tensor]) -> Loss:
    """The loss between two answers to one sample."""
    wanted = torch.cat([one.double().flatten() for one in exact])
    error = torch.cat([one.double().flatten() for one in found]) - wanted
    noise_power = float(error.square().mean())
    ratio = float(wanted.square().mean()) / noise_power if noise_power else math.inf
    return Loss(
        float(error.abs().mean()), float(error.abs().max()), 10 * math.log10(ratio) if ratio else -math.inf
    )


def noise(network: Network, batch: int = 1) -> list[torch.Tensor]:
    """Inputs of the declared shapes: evenly spread between 0 and 1, always the same."""
    generator = torch.Generator().manual_seed(SEED)
    head = [batch] if network.batch else []
    return [
        torch.rand([*head, *(ANY if side < 0 else side for side in port.shape)], generator=generator).to(
            runners.TYPES[port.type]
        )
        for port in network.inputs
    ]
