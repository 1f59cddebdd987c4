"""Pictures of any size through a network that only fits small ones: overlapping tiles, their rims cut off."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor


@dataclass(frozen=True)
class Span:
    """Along one side: the pixels that a tile gives (start..stop) and those that it looks at (low..high)."""

    start: int
    stop: int
    low: int
    high: int


def spans(length: int, tile: int, margin: int) -> list[Span]:
    """Cover a side with tiles of about equal length, each seeing `margin` pixels more on both sides."""
    count = -(-length // tile)
    edges = [length * i // count for i in range(count + 1)]
    return [
        Span(start, stop, max(0, start - margin), min(length, stop + margin))
        for start, stop in pairwise(edges)
    ]


def tiled(
    image: Tensor, network: Callable[[Tensor], Tensor], scale: int, tile: int, margin: int
) -> Iterator[tuple[slice, slice, Tensor]]:
    """For `[B,C,H,W]`: where in the result each tile belongs, and its pixels."""
    for y in spans(image.shape[-2], tile, margin):
        for x in spans(image.shape[-1], tile, margin):
            large = network(image[..., y.low : y.high, x.low : x.high])
            rows = slice(scale * (y.start - y.low), scale * (y.stop - y.low))
            columns = slice(scale * (x.start - x.low), scale * (x.stop - x.low))
            place = (slice(scale * y.start, scale * y.stop), slice(scale * x.start, scale * x.stop))
            yield *place, large[..., rows, columns]
