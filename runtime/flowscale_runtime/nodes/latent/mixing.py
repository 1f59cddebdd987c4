"""Nodes that compute with latents and lay them over each other."""

from __future__ import annotations

from flowscale_runtime.nodes import composition
from flowscale_runtime.nodes.declare import LATENT, MASK, Node, fields, integer, number, switch
from flowscale_runtime.nodes.latent.values import CELL, Latent, alike, with_samples
from flowscale_runtime.nodes.lazy import torch

PLACE = integer(0, 0, step=8)


class LatentAdd(Node):
    """The sum of latents."""

    CATEGORY = "latent/advanced"
    REQUIRED = fields(samples1=LATENT, samples2=LATENT)
    RETURN_TYPES = ("LATENT",)

    def run(self, samples1: Latent, samples2: Latent) -> tuple[Latent]:
        first = samples1["samples"]
        return (with_samples(samples1, first + alike(first, samples2["samples"])),)


class LatentSubtract(Node):
    """The difference of latents."""

    CATEGORY = "latent/advanced"
    REQUIRED = fields(samples1=LATENT, samples2=LATENT)
    RETURN_TYPES = ("LATENT",)

    def run(self, samples1: Latent, samples2: Latent) -> tuple[Latent]:
        first = samples1["samples"]
        return (with_samples(samples1, first - alike(first, samples2["samples"])),)


class LatentMultiply(Node):
    """Latents times a number."""

    CATEGORY = "latent/advanced"
    REQUIRED = fields(samples=LATENT, multiplier=number(1.0, -10.0, 10.0))
    RETURN_TYPES = ("LATENT",)

    def run(self, samples: Latent, multiplier: float) -> tuple[Latent]:
        return (with_samples(samples, samples["samples"] * multiplier),)


class LatentInterpolate(Node):
    """Between two latents, in direction and in length; a ratio of 1 is the first."""

    CATEGORY = "latent/advanced"
    REQUIRED = fields(samples1=LATENT, samples2=LATENT, ratio=number(1.0, 0.0, 1.0))
    RETURN_TYPES = ("LATENT",)

    def run(self, samples1: Latent, samples2: Latent, ratio: float) -> tuple[Latent]:
        first = samples1["samples"]
        second = alike(first, samples2["samples"])
        lengths = first.norm(dim=1, keepdim=True), second.norm(dim=1, keepdim=True)
        mixed = _unit(first, lengths[0]) * ratio + _unit(second, lengths[1]) * (1.0 - ratio)
        length = lengths[0] * ratio + lengths[1] * (1.0 - ratio)
        return (with_samples(samples1, _unit(mixed, mixed.norm(dim=1, keepdim=True)) * length),)


def _unit(vectors: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    return torch.nan_to_num(vectors / lengths)


class LatentBlend(Node):
    """A mix of latents; a factor of 1 is the first."""

    TITLE = "Blend Latents"
    CATEGORY = "_for_testing"
    REQUIRED = fields(samples1=LATENT, samples2=LATENT, blend_factor=number(0.5, 0.0, 1.0))
    RETURN_TYPES = ("LATENT",)

    def run(self, samples1: Latent, samples2: Latent, blend_factor: float) -> tuple[Latent]:
        first = samples1["samples"]
        second = alike(first, samples2["samples"])
        return (with_samples(samples1, first * blend_factor + second * (1.0 - blend_factor)),)


class LatentComposite(Node):
    """Lay latents over others at a place in pixels, with soft sides."""

    TITLE = "Latent Composite"
    CATEGORY = "latent"
    REQUIRED = fields(samples_to=LATENT, samples_from=LATENT, x=PLACE, y=PLACE, feather=PLACE)
    RETURN_TYPES = ("LATENT",)

    def run(self, samples_to: Latent, samples_from: Latent, x: int, y: int, feather: int) -> tuple[Latent]:
        below, above = samples_to["samples"], samples_from["samples"]
        x, y, soft = x // CELL, y // CELL, feather // CELL
        mask = _soft(above, below, x, y, soft) if soft else None
        return (with_samples(samples_to, composition.paste(below, above, x, y, mask)),)


def _soft(above: torch.Tensor, below: torch.Tensor, x: int, y: int, soft: int) -> torch.Tensor:
    """1 inside, falling at the sides that lie within the latents below."""
    height, width = above.shape[-2:]
    rows, columns = torch.ones(height), torch.ones(width)
    rising = torch.arange(1, soft + 1) / soft
    for line, start, length, whole in (
        (rows, y, height, below.shape[-2]),
        (columns, x, width, below.shape[-1]),
    ):
        reach = min(soft, length)
        if start:
            line[:reach] *= rising[:reach]
        if start + length < whole:
            line[-reach:] *= rising[:reach].flip(0)
    return torch.outer(rows, columns).unsqueeze(0)


class LatentCompositeMasked(Node):
    """Lay latents over others at a place in pixels, where a mask says so."""

    TITLE = "Latent Composite Masked"
    CATEGORY = "latent"
    REQUIRED = fields(destination=LATENT, source=LATENT, x=PLACE, y=PLACE, resize_source=switch(False))
    OPTIONAL = fields(mask=MASK)
    RETURN_TYPES = ("LATENT",)

    def run(
        self,
        destination: Latent,
        source: Latent,
        x: int,
        y: int,
        resize_source: bool,
        mask: torch.Tensor | None = None,
    ) -> tuple[Latent]:
        below, above = destination["samples"], source["samples"]
        pasted = composition.paste(below, above, x // CELL, y // CELL, mask, resize=resize_source)
        return (with_samples(destination, pasted),)
