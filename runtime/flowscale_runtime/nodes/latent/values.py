"""What LATENT links carry, and what its nodes share."""

from __future__ import annotations

from typing import Any

from flowscale_runtime.nodes import tensors
from flowscale_runtime.nodes.errors import NodeError
from flowscale_runtime.nodes.lazy import torch

Latent = dict[str, Any]
METHODS = ("nearest-exact", "bilinear", "area", "bicubic", "bislerp")
DIMENSIONS = {"x": -1, "y": -2, "t": -3}
CELL = 8  # pixels to a latent cell: positions on these nodes are in pixels


def axis_of(samples: torch.Tensor, dim: str) -> int:
    """The axis of x, y or t; only videos have a t."""
    if dim == "t" and samples.ndim < 5:
        raise NodeError("these latents have no time", "use x or y, or a video latent")
    return DIMENSIONS[dim]


def places(latent: Latent) -> list[int]:
    """Where the items of a batch stood in the one that they come from."""
    found: Any = latent.get("batch_index")
    return list(found) if found is not None else list(range(latent["samples"].shape[0]))


def with_samples(latent: Latent, samples: torch.Tensor) -> Latent:
    """The same latent with other samples."""
    return {**latent, "samples": samples}


def alike(latent: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Another latent's samples at the size and the batch of a first."""
    if other.shape[1:] != latent.shape[1:]:
        other = scale(other, latent.shape[-1], latent.shape[-2], "bicubic", "center")
    return tensors.repeat_to(other, latent.shape[0])


def scale(
    samples: torch.Tensor, width: int, height: int, method: str, crop: str = "disabled"
) -> torch.Tensor:
    """Samples `[B,C,H,W]` or `[B,C,T,H,W]` at another size."""
    flat = samples.movedim(1, 2).flatten(0, 1) if samples.ndim == 5 else samples
    if crop == "center":
        flat = tensors.center(flat.movedim(1, -1), width / height).movedim(-1, 1)
    if method == "bislerp":
        done = bislerp(flat, width, height)
    else:
        done = tensors.scale_planes(flat, width, height, method)
    if samples.ndim == 5:
        return done.reshape(samples.shape[0], samples.shape[2], *done.shape[1:]).movedim(2, 1)
    return done


def bislerp(samples: torch.Tensor, width: int, height: int) -> torch.Tensor:
    """Scaling that keeps the length of each cell's vector: turned, not mixed, between neighbours."""
    wide = _along(samples, width, -1)
    return _along(wide, height, -2)


def _along(samples: torch.Tensor, length: int, axis: int) -> torch.Tensor:
    old = samples.shape[axis]
    places = ((torch.arange(length, device=samples.device) + 0.5) * (old / length) - 0.5).clamp(0, old - 1)
    before = places.floor().long()
    after = (before + 1).clamp(max=old - 1)
    shape = [1] * samples.ndim
    shape[axis] = length
    part = (places - before).reshape(shape).to(samples.dtype)
    return _turned(samples.index_select(axis, before), samples.index_select(axis, after), part)


def _turned(first: torch.Tensor, second: torch.Tensor, part: torch.Tensor) -> torch.Tensor:
    lengths = first.norm(dim=1, keepdim=True), second.norm(dim=1, keepdim=True)
    units = [
        vector / length.clamp(min=1e-12) for vector, length in zip((first, second), lengths, strict=True)
    ]
    cosine = (units[0] * units[1]).sum(1, keepdim=True).clamp(-1.0, 1.0)
    angle = cosine.acos()
    turned = (units[0] * ((1 - part) * angle).sin() + units[1] * (part * angle).sin()) / angle.sin().clamp(
        min=1e-6
    )
    length = lengths[0] * (1 - part) + lengths[1] * part
    return torch.where(cosine.abs() > 0.9999, torch.lerp(first, second, part), turned * length)
