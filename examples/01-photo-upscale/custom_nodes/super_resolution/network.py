"""The residual-in-residual dense network (RRDN) that the weights were trained for, as a torch module.

Layer names are those of the published layer graph, so that a converted weight finds its place by name.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import pixel_shuffle

BETA = 0.2  # share of a residual branch that is added
WIDTH, GROWTH, BLOCKS, UNITS, STEPS = 64, 32, 10, 3, 4


def conv(inward: int, outward: int) -> nn.Conv2d:
    """A 3x3 convolution that keeps height and width."""
    return nn.Conv2d(inward, outward, 3, padding=1)


class DenseUnit(nn.Module):
    """Convolutions that each see all that came before, then one that folds them into the width."""

    def __init__(self) -> None:
        super().__init__()
        self.grow = nn.ModuleList(conv(WIDTH + step * GROWTH, GROWTH) for step in range(STEPS))
        self.fold = conv(WIDTH + STEPS * GROWTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        seen = x
        for layer in self.grow:
            seen = torch.cat([seen, layer(seen).relu_()], 1)
        return x + BETA * self.fold(seen)


class Block(nn.Module):
    """Dense units in a row with a way around them."""

    def __init__(self) -> None:
        super().__init__()
        self.units = nn.Sequential(*(DenseUnit() for _ in range(UNITS)))

    def forward(self, x: Tensor) -> Tensor:
        return x + BETA * self.units(x)


class Rrdn(nn.Module):
    """`[B,3,H,W]` in 0..1 to `[B,3,scale*H,scale*W]`."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale
        self.enter, self.after = conv(3, WIDTH), conv(WIDTH, WIDTH)
        self.blocks = nn.Sequential(*(Block() for _ in range(BLOCKS)))
        self.spread, self.leave = conv(WIDTH, 3 * scale * scale), conv(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        entered = self.enter(x)
        deep = self.after(self.blocks(entered)) + entered
        return self.leave(pixel_shuffle(self.spread(deep), self.scale))
