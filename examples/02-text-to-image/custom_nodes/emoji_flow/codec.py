"""The picture codec: a picture with transparency is a sum of learned patterns, a latent is how much of each.

A pattern is mirror-symmetric (even) or mirror-antisymmetric (odd), so half of it is kept, and a picture is mirrored by
turning the sign of its odd parts. The background's colour follows as three more numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

SIDE = 64
HALF = (4, SIDE, SIDE // 2)
GROUND_SCALE = 3.0
HAZE = 0.12  # alpha within this of nothing or of solid is taken for it: sums of patterns leave faint traces


@dataclass(frozen=True)
class Codec:
    """mean [8192], even [8192,E], odd [8192,O]: left halves of RGBA (colours times alpha); scale [E+O] of a latent."""

    mean: Tensor
    even: Tensor
    odd: Tensor
    scale: Tensor

    @property
    def width(self) -> int:
        """How many numbers a latent has."""
        return len(self.scale) + 3

    def decode(self, latents: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """[B,width] to colours [B,3,S,S] (times alpha), alpha [B,1,S,S] and background [B,3], in 0..1."""
        parts = latents[:, :-3] * self.scale
        count = self.even.shape[1]
        even = (parts[:, :count] @ self.even.T + self.mean).view(-1, *HALF)
        odd = (parts[:, count:] @ self.odd.T).view(-1, *HALF)
        whole = torch.cat([even + odd, (even - odd).flip(-1)], -1) / 2**0.5
        faint = whole[:, 3:].clamp(HAZE, 1)
        alpha = ((faint - HAZE) / (1 - 2 * HAZE)).clamp(0, 1)
        ground = (latents[:, -3:] / GROUND_SCALE / 2 + 0.5).clamp(0, 1)
        return (whole[:, :3] / faint).clamp(0, 1) * alpha, alpha, ground

    def encode(self, rgba: Tensor) -> Tensor:
        """[B,4,S,S] (colours times alpha) to latents without a background [B,width-3]."""
        mirrored = rgba.flip(-1)
        even = ((rgba + mirrored) / 2**0.5)[..., : SIDE // 2].flatten(1) - self.mean
        odd = ((rgba - mirrored) / 2**0.5)[..., : SIDE // 2].flatten(1)
        return torch.cat([even @ self.even, odd @ self.odd], 1) / self.scale


def fit(rgba: Tensor, even: int, odd: int) -> Codec:
    """The patterns that carry most of some pictures [N,4,S,S] (principal components); latents have about unit size."""
    mirrored = rgba.flip(-1)
    symmetric = ((rgba + mirrored) / 2**0.5)[..., : SIDE // 2].flatten(1)
    mean = symmetric.mean(0)
    evens, even_size = _components(symmetric - mean, even)
    odds, odd_size = _components(((rgba - mirrored) / 2**0.5)[..., : SIDE // 2].flatten(1), odd)
    root = torch.cat([even_size, odd_size]).sqrt()
    return Codec(mean, evens, odds, root * root.square().mean().sqrt())


def _components(rows: Tensor, count: int) -> tuple[Tensor, Tensor]:
    values, vectors = torch.linalg.eigh(rows @ rows.T)
    values, vectors = values.flip(0)[:count], vectors.flip(1)[:, :count]
    return rows.T @ vectors / values.sqrt(), (values / len(rows)).sqrt()
