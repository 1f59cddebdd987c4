"""Nodes that scale, cut, turn and stack latents."""

from __future__ import annotations

from flowscale_runtime.nodes import tensors
from flowscale_runtime.nodes.declare import LATENT, MASK, Node, choice, fields, integer, number
from flowscale_runtime.nodes.image.geometry import FLIPS, TURNS, cut
from flowscale_runtime.nodes.latent.values import CELL, METHODS, Latent, axis_of, scale, with_samples
from flowscale_runtime.nodes.lazy import torch


class LatentUpscale(Node):
    """Scale latents to a size in pixels; a side of 0 keeps the aspect."""

    TITLE = "Upscale Latent"
    CATEGORY = "latent"
    REQUIRED = fields(
        samples=LATENT,
        upscale_method=choice(METHODS),
        width=integer(512, 0, step=8),
        height=integer(512, 0, step=8),
        crop=choice(tensors.CROPS),
    )
    RETURN_TYPES = ("LATENT",)

    def run(self, samples: Latent, upscale_method: str, width: int, height: int, crop: str) -> tuple[Latent]:
        old_height, old_width = samples["samples"].shape[-2:]
        if not width and not height:
            return (samples,)
        wide = max(64, width or round(old_width * CELL * height / (old_height * CELL)))
        high = max(64, height or round(old_height * CELL * width / (old_width * CELL)))
        scaled = scale(samples["samples"], wide // CELL, high // CELL, upscale_method, crop)
        return (with_samples(samples, scaled),)


class LatentUpscaleBy(Node):
    """Scale latents by a factor."""

    TITLE = "Upscale Latent By"
    CATEGORY = "latent"
    REQUIRED = fields(samples=LATENT, upscale_method=choice(METHODS), scale_by=number(1.5, 0.01, 8.0))
    RETURN_TYPES = ("LATENT",)

    def run(self, samples: Latent, upscale_method: str, scale_by: float) -> tuple[Latent]:
        height, width = (max(1, round(side * scale_by)) for side in samples["samples"].shape[-2:])
        return (with_samples(samples, scale(samples["samples"], width, height, upscale_method)),)


class LatentCrop(Node):
    """Cut a rectangle, given in pixels, out of latents."""

    TITLE = "Crop Latent"
    CATEGORY = "latent/transform"
    _SIZE, _PLACE = integer(512, 64, step=8), integer(0, 0, step=8)
    REQUIRED = fields(samples=LATENT, width=_SIZE, height=_SIZE, x=_PLACE, y=_PLACE)
    RETURN_TYPES = ("LATENT",)

    def run(self, samples: Latent, width: int, height: int, x: int, y: int) -> tuple[Latent]:
        planes = samples["samples"].movedim(1, -1)
        part = cut(planes, x // CELL, y // CELL, width // CELL, height // CELL)
        return (with_samples(samples, part.movedim(-1, 1)),)


class LatentFlip(Node):
    """Mirror latents."""

    TITLE = "Flip Latent"
    CATEGORY = "latent/transform"
    REQUIRED = fields(samples=LATENT, flip_method=choice(FLIPS))
    RETURN_TYPES = ("LATENT",)

    def run(self, samples: Latent, flip_method: str) -> tuple[Latent]:
        return (with_samples(samples, samples["samples"].flip(FLIPS[flip_method] - 3)),)


class LatentRotate(Node):
    """Turn latents clockwise."""

    TITLE = "Rotate Latent"
    CATEGORY = "latent/transform"
    REQUIRED = fields(samples=LATENT, rotation=choice(TURNS))
    RETURN_TYPES = ("LATENT",)

    def run(self, samples: Latent, rotation: str) -> tuple[Latent]:
        turned = torch.rot90(samples["samples"], TURNS.index(rotation), dims=(-1, -2))
        return (with_samples(samples, turned),)


class LatentConcat(Node):
    """Join latents along a dimension; with a minus the second comes first."""

    TITLE = "Concatenate Latents"
    CATEGORY = "latent/advanced"
    REQUIRED = fields(samples1=LATENT, samples2=LATENT, dim=choice(["x", "-x", "y", "-y", "t", "-t"]))
    RETURN_TYPES = ("LATENT",)

    def run(self, samples1: Latent, samples2: Latent, dim: str) -> tuple[Latent]:
        first = samples1["samples"]
        pair = [first, tensors.repeat_to(samples2["samples"], first.shape[0])]
        joined = torch.cat(pair[::-1] if dim.startswith("-") else pair, dim=axis_of(first, dim.lstrip("-")))
        return (with_samples(samples1, joined),)


class LatentCut(Node):
    """A part of latents along a dimension; an index below 0 counts from the end."""

    TITLE = "Cut Latent"
    CATEGORY = "latent/advanced"
    REQUIRED = fields(
        samples=LATENT, dim=choice(["x", "y", "t"]), index=integer(0, -16384), amount=integer(1, 1)
    )
    RETURN_TYPES = ("LATENT",)

    def run(self, samples: Latent, dim: str, index: int, amount: int) -> tuple[Latent]:
        whole = samples["samples"]
        axis = axis_of(whole, dim)
        length = whole.shape[axis]
        start = min(index, length - 1) if index >= 0 else max(0, length + index)
        return (with_samples(samples, whole.narrow(axis, start, min(amount, length - start)).clone()),)


class SetLatentNoiseMask(Node):
    """Latents that are to be painted anew only where a mask is 1."""

    TITLE = "Set Latent Noise Mask"
    CATEGORY = "latent/inpaint"
    REQUIRED = fields(samples=LATENT, mask=MASK)
    RETURN_TYPES = ("LATENT",)

    def run(self, samples: Latent, mask: torch.Tensor) -> tuple[Latent]:
        return ({**samples, "noise_mask": mask.reshape(-1, 1, *mask.shape[-2:])},)
