"""The flow network: it sees a noisy latent, the time and the words, and tells the clean latent.

The words go through a small transformer once for each prompt; the steps of the sampler only run the denoiser.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, scaled_dot_product_attention, silu

TIME, HEAD = 64, 64


def time_features(time: Tensor) -> Tensor:
    """Sines and cosines of times in 0..1."""
    rates = torch.exp(torch.arange(TIME // 2).to(time) * (math.log(100.0) / (TIME // 2)))
    angles = time[:, None] * rates * math.pi
    return torch.cat([angles.sin(), angles.cos()], -1)


class WordLayer(nn.Module):
    """One transformer layer over queries and words."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.grow, self.shrink = nn.Linear(width, 3 * width), nn.Linear(3 * width, width)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        batch, count, width = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(batch, count, 3, -1, HEAD).permute(2, 0, 3, 1, 4)
        mixed = scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None])
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, count, width))
        return x + self.shrink(silu(self.grow(self.norm2(x))))


class Words(nn.Module):
    """Token vectors of a prompt to one condition vector, through queries that gather what matters."""

    def __init__(self, text: int, width: int, queries: int, layers: int, condition: int) -> None:
        super().__init__()
        self.enter = nn.Sequential(nn.LayerNorm(text), nn.Linear(text, width))
        self.queries = nn.Parameter(torch.randn(queries, width) * 0.5)
        self.layers = nn.ModuleList(WordLayer(width) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.leave = nn.Linear(queries * width, condition)

    def forward(self, words: Tensor, mask: Tensor) -> Tensor:
        batch, queries = len(words), len(self.queries)
        x = torch.cat([self.queries.expand(batch, -1, -1), self.enter(words)], 1)
        seen = torch.cat([mask.new_ones(batch, queries), mask], 1)
        for layer in self.layers:
            x = layer(x, seen)
        return self.leave(self.norm(x[:, :queries]).flatten(1))


class Block(nn.Module):
    """A residual layer whose inner values the condition scales and shifts: how a colour meets a shape."""

    def __init__(self, width: int, condition: int) -> None:
        super().__init__()
        self.enter, self.leave = nn.Linear(width, width), nn.Linear(width, width)
        self.condition = nn.Linear(condition, 2 * width)
        nn.init.zeros_(self.leave.weight)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        scale, shift = self.condition(condition).chunk(2, -1)
        inner = self.enter(layer_norm(x, x.shape[-1:]))
        return x + self.leave(silu(inner * (1 + scale) + shift))


class FlowNet(nn.Module):
    """(noisy latents [B,L], times [B], conditions [B,C]) to clean latents [B,L]; `words` makes the conditions."""

    def __init__(
        self, latent: int, width: int, blocks: int, condition: int, words: list[int], text: int = 384
    ) -> None:
        super().__init__()
        self.words = Words(text, *words, condition)
        self.time = nn.Linear(TIME, condition)
        self.enter, self.leave = nn.Linear(latent, width), nn.Linear(width, latent)
        self.start = nn.Linear(condition, width)
        self.blocks = nn.ModuleList(Block(width, condition) for _ in range(blocks))

    def forward(self, noisy: Tensor, time: Tensor, condition: Tensor) -> Tensor:
        told = silu(condition + self.time(time_features(time)))
        x = self.enter(noisy) + self.start(told)
        for block in self.blocks:
            x = block(x, told)
        return self.leave(layer_norm(x, x.shape[-1:]))
