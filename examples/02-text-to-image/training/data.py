"""Batches for training: latents of pictures with background colours, and captions already encoded."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from captions import BACKGROUNDS, Caption, backgrounds
from codec import GROUND_SCALE, Codec
from safetensors.torch import load_file, save_file
from sprites import Sprite
from text import TextEncoder
from torch import Tensor

UNFLIPPED = {"open book", "closed book", "alarm clock", "watch"}
EMPTY_SHARE = 0.1  # so often the words are left out: guidance needs the picture of no words


@dataclass(frozen=True)
class Batch:
    """Clean latents and their encoded captions."""

    latents: Tensor
    words: Tensor
    mask: Tensor


def premultiplied(sprites: list[Sprite]) -> Tensor:
    """The pictures as [N,4,S,S], colours times alpha."""
    rgba = torch.from_numpy(np.stack([s.rgba for s in sprites])).permute(0, 3, 1, 2).contiguous()
    rgba[:, :3] *= rgba[:, 3:]
    return rgba


def encode_all(encoder: TextEncoder, texts: list[str], path: Path) -> dict[str, Tensor]:
    """Token vectors of all texts end to end, and how many each has; kept in a file."""
    if path.exists():
        return load_file(path)
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    tokens: dict[int, Tensor] = {}
    for start in range(0, len(order), 128):
        some = order[start : start + 128]
        encoded = encoder.encode([texts[i] for i in some])
        tokens |= {index: encoded.tokens[row, encoded.mask[row]].half() for row, index in enumerate(some)}
    lengths = torch.tensor([len(tokens[i]) for i in range(len(texts))])
    table = {"tokens": torch.cat([tokens[i] for i in range(len(texts))]), "lengths": lengths}
    save_file(table, path)
    return table


class Dataset:
    """Latents of all sprites and a fixed pool of captions; the text after the last caption is the empty one."""

    def __init__(
        self, sprites: list[Sprite], pool: list[Caption], codec: Codec, encoder: TextEncoder, cache: Path
    ) -> None:
        self.sprites, self.pool = sprites, pool
        self.latents = codec.encode(premultiplied(sprites))
        self.mirror = torch.ones(self.latents.shape[1])
        self.mirror[codec.even.shape[1] :] = -1
        self.table = encode_all(
            encoder, [*(c.text for c in pool), ""], cache / f"captions-{len(pool)}.safetensors"
        )
        self.starts = self.table["lengths"].cumsum(0) - self.table["lengths"]
        self.grounds = [backgrounds(s) for s in sprites]

    def batches(self, size: int, seed: int) -> Iterator[Batch]:
        """Batches without end."""
        rng = random.Random(seed)
        while True:
            yield self.batch([rng.randrange(len(self.pool)) for _ in range(size)], rng)

    def batch(self, picks: list[int], rng: random.Random) -> Batch:
        """The latents and words of some captions."""
        latents = torch.stack([self._latent(self.pool[i], rng) for i in picks])
        told = [len(self.pool) if rng.random() < EMPTY_SHARE else i for i in picks]
        rows = [
            self.table["tokens"][self.starts[i] : self.starts[i] + self.table["lengths"][i]] for i in told
        ]
        words = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True).float()
        lengths = self.table["lengths"][told]
        return Batch(latents, words, torch.arange(words.shape[1]) < lengths[:, None])

    def _latent(self, caption: Caption, rng: random.Random) -> Tensor:
        latent = self.latents[caption.sprite]
        if rng.random() < 0.5 and self.sprites[caption.sprite].name not in UNFLIPPED:
            latent = latent * self.mirror
        ground = BACKGROUNDS[caption.background or rng.choice(self.grounds[caption.sprite])]
        colour = torch.tensor([min(1.0, max(0.0, c + rng.uniform(-0.02, 0.02))) for c in ground])
        return torch.cat([latent, (colour * 2 - 1) * GROUND_SCALE])
