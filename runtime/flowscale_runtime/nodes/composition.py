"""Laying one picture, mask or latent over another; all are `[B,C,H,W]`, masks `[B,H,W]`."""

from __future__ import annotations

from flowscale_runtime.nodes.lazy import torch
from flowscale_runtime.nodes.tensors import repeat_to, scale_mask, scale_planes


def paste(
    below: torch.Tensor,
    above: torch.Tensor,
    x: int,
    y: int,
    mask: torch.Tensor | None = None,
    *,
    resize: bool = False,
) -> torch.Tensor:
    """`above` over `below` with its corner at (x, y), mixed by the mask; what hangs out is cut off."""
    height, width = below.shape[-2:]
    if resize:
        above = scale_planes(above, width, height, "bilinear")
    x, y = max(-above.shape[-1], min(x, width)), max(-above.shape[-2], min(y, height))
    weights = _weights(above, mask)
    above, weights = (repeat_to(part, below.shape[0]) for part in (above.to(below), weights.to(below)))
    left, top = max(0, x), max(0, y)
    right, bottom = min(width, x + above.shape[-1]), min(height, y + above.shape[-2])
    target = (..., slice(top, bottom), slice(left, right))
    source = (..., slice(top - y, bottom - y), slice(left - x, right - x))
    result = below.clone()
    result[target] = torch.lerp(below[target], above[source], weights[source])
    return result


def _weights(above: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    if mask is None:
        return torch.ones_like(above[:, :1])
    return scale_mask(mask, above.shape[-1], above.shape[-2]).unsqueeze(1)
