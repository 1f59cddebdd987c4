"""From noise to pictures along the flow, with guidance by a prompt and away from a negative one.

Time runs from 0 (noise) to 1 (picture): x(t) = t * latent + (1 - t) * noise. The network tells the latent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from .network import FlowNet

Guide = Callable[[Tensor, float], Tensor]
Step = Callable[[int, Tensor], None]
END, SHIFT = 1e-3, 4.0


@dataclass(frozen=True)
class Guidance:
    """The network with a prompt and a negative prompt: each call tells the latent that both lead to."""

    network: FlowNet
    wanted: Tensor  # [1,C], the condition of the prompt
    unwanted: Tensor  # [1,C], that of the negative prompt
    scale: float

    def __call__(self, noisy: Tensor, time: float) -> Tensor:
        count = len(noisy)
        conditions = torch.cat([self.wanted, self.unwanted]).repeat_interleave(count, 0)
        times = noisy.new_full((2 * count,), time)
        wanted, unwanted = self.network(noisy.repeat(2, 1), times, conditions).chunk(2)
        return unwanted + self.scale * (wanted - unwanted)


def noise(seed: int, batch: int, width: int) -> Tensor:
    """Noise [B,width]; picture n of a seed begins as picture 0 of seed + n does, whatever the batch."""
    generators = [torch.Generator().manual_seed((seed + n) % 2**63) for n in range(batch)]
    return torch.stack([torch.randn(width, generator=g, dtype=torch.float64) for g in generators])


def times(steps: int, shift: float = SHIFT) -> list[float]:
    """steps + 1 moments from 0 to 1, the closer together near the noise, where the subject is decided, the more shift."""
    line = [n / steps for n in range(steps + 1)]
    return [t / (t + shift * (1 - t)) for t in line]


def velocity(x: Tensor, picture: Tensor, time: float) -> Tensor:
    """Where the flow goes: from x straight to the told picture."""
    return (picture - x) / max(1 - time, END)


def euler(guide: Guide, x: Tensor, moments: Sequence[float], told: Step) -> Tensor:
    """One call a step along the flow."""
    for index, (now, then) in enumerate(pairwise(moments)):
        picture = guide(x, now)
        x = x + (then - now) * velocity(x, picture, now)
        told(index + 1, picture)
    return x


def heun(guide: Guide, x: Tensor, moments: Sequence[float], told: Step) -> Tensor:
    """Two calls a step, the mean of both ends; the last step is Euler's."""
    for index, (now, then) in enumerate(pairwise(moments)):
        picture = guide(x, now)
        slope = velocity(x, picture, now)
        ahead = x + (then - now) * slope
        if then < 1:
            slope = (slope + velocity(ahead, guide(ahead, then), then)) / 2
        x = x + (then - now) * slope
        told(index + 1, picture)
    return x


def ddim(guide: Guide, x: Tensor, moments: Sequence[float], told: Step) -> Tensor:
    """Each step mixes the told picture with the noise that it implies, limited to noise as strong as noise is.

    Without the limit this is Euler's step; the limit keeps strong guidance from burning colours.
    """
    for index, (now, then) in enumerate(pairwise(moments)):
        picture = guide(x, now)
        implied = (x - now * picture) / max(1 - now, END)
        spread = implied.std(1, keepdim=True).clamp_min(1.0)
        x = then * picture + (1 - then) * implied / spread
        told(index + 1, picture)
    return x


SAMPLERS = {"euler": euler, "heun": heun, "ddim": ddim}
