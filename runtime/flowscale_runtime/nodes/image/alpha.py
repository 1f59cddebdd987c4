"""Nodes that lay pictures over each other and work with transparency."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowscale_runtime.nodes import composition, declare, folders, images, tensors
from flowscale_runtime.nodes.declare import IMAGE, MASK, MAX_SIDE, Node, choice, fields, integer, switch
from flowscale_runtime.nodes.lazy import torch

if TYPE_CHECKING:
    from collections.abc import Callable


class ImageCompositeMasked(Node):
    """Lay a picture over another, where a mask says so."""

    TITLE = "Image Composite Masked"
    CATEGORY = "image"
    REQUIRED = fields(
        destination=IMAGE,
        source=IMAGE,
        x=integer(0, 0, MAX_SIDE),
        y=integer(0, 0, MAX_SIDE),
        resize_source=switch(False),
    )
    OPTIONAL = fields(mask=MASK)
    RETURN_TYPES = ("IMAGE",)

    def run(
        self,
        destination: torch.Tensor,
        source: torch.Tensor,
        x: int,
        y: int,
        resize_source: bool,
        mask: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor]:
        channels = max(destination.shape[-1], min(source.shape[-1], destination.shape[-1]))
        below = destination.movedim(-1, 1)
        above = tensors.with_channels(source, channels).movedim(-1, 1)
        return (composition.paste(below, above, x, y, mask, resize=resize_source).movedim(1, -1),)


class JoinImageWithAlpha(Node):
    """Pictures that are transparent where a mask is 1."""

    TITLE = "Join Image with Alpha"
    CATEGORY = "mask/compositing"
    REQUIRED = fields(image=IMAGE, alpha=MASK)
    RETURN_TYPES = ("IMAGE",)

    def run(self, image: torch.Tensor, alpha: torch.Tensor) -> tuple[torch.Tensor]:
        opacity = 1.0 - tensors.scale_mask(alpha, image.shape[2], image.shape[1])
        colors, opacity = tensors.same_batch(tensors.with_channels(image, 3), opacity)
        return (torch.cat([colors, opacity.unsqueeze(-1).to(colors)], dim=-1),)


class SplitImageWithAlpha(Node):
    """The colors of pictures, and a mask that is 1 where they are transparent."""

    TITLE = "Split Image with Alpha"
    CATEGORY = "mask/compositing"
    REQUIRED = fields(image=IMAGE)
    RETURN_TYPES = ("IMAGE", "MASK")

    def run(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        full = tensors.with_channels(image, 4)
        return full[..., :3], 1.0 - full[..., 3]


_MODES: dict[str, tuple[Callable[..., torch.Tensor], Callable[..., torch.Tensor]]] = {
    # (color, alpha) of premultiplied source s with alpha a, destination d with alpha b
    "ADD": (lambda s, a, d, b: s + d, lambda a, b: a + b),
    "CLEAR": (lambda s, a, d, b: s * 0, lambda a, b: a * 0),
    "DARKEN": (
        lambda s, a, d, b: (1 - b) * s + (1 - a) * d + torch.minimum(s * b, d * a),
        lambda a, b: a + b - a * b,
    ),
    "DST": (lambda s, a, d, b: d, lambda a, b: b),
    "DST_ATOP": (lambda s, a, d, b: a * d + (1 - b) * s, lambda a, b: a),
    "DST_IN": (lambda s, a, d, b: d * a, lambda a, b: a * b),
    "DST_OUT": (lambda s, a, d, b: (1 - a) * d, lambda a, b: (1 - a) * b),
    "DST_OVER": (lambda s, a, d, b: d + (1 - b) * s, lambda a, b: b + (1 - b) * a),
    "LIGHTEN": (
        lambda s, a, d, b: (1 - b) * s + (1 - a) * d + torch.maximum(s * b, d * a),
        lambda a, b: a + b - a * b,
    ),
    "MULTIPLY": (lambda s, a, d, b: s * d, lambda a, b: a * b),
    "OVERLAY": (
        lambda s, a, d, b: (
            torch.where(2 * d < b, 2 * s * d, a * b - 2 * (b - d) * (a - s)) + s * (1 - b) + d * (1 - a)
        ),
        lambda a, b: a + b - a * b,
    ),
    "SCREEN": (lambda s, a, d, b: s + d - s * d, lambda a, b: a + b - a * b),
    "SRC": (lambda s, a, d, b: s, lambda a, b: a),
    "SRC_ATOP": (lambda s, a, d, b: b * s + (1 - a) * d, lambda a, b: b),
    "SRC_IN": (lambda s, a, d, b: s * b, lambda a, b: a * b),
    "SRC_OUT": (lambda s, a, d, b: (1 - b) * s, lambda a, b: (1 - b) * a),
    "SRC_OVER": (lambda s, a, d, b: s + (1 - a) * d, lambda a, b: a + (1 - a) * b),
    "XOR": (lambda s, a, d, b: (1 - b) * s + (1 - a) * d, lambda a, b: (1 - b) * a + (1 - a) * b),
}


class PorterDuffImageComposite(Node):
    """Lay a picture over another by one of the Porter-Duff rules; masks are 1 where transparent."""

    TITLE = "Porter-Duff Image Composite"
    CATEGORY = "mask/compositing"
    REQUIRED = fields(
        source=IMAGE, source_alpha=MASK, destination=IMAGE, destination_alpha=MASK, mode=choice(_MODES, "DST")
    )
    RETURN_TYPES = ("IMAGE", "MASK")

    def run(
        self,
        source: torch.Tensor,
        source_alpha: torch.Tensor,
        destination: torch.Tensor,
        destination_alpha: torch.Tensor,
        mode: str,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        height, width = destination.shape[1:3]
        colors = [tensors.scale(source[..., :3], width, height, "bicubic", "center"), destination[..., :3]]
        masks = [tensors.scale_mask(mask, width, height) for mask in (source_alpha, destination_alpha)]
        s, d, a, b = tensors.same_batch(*colors, *(1.0 - mask for mask in masks))
        return porter_duff(s, a.unsqueeze(-1), d, b.unsqueeze(-1), mode)


def porter_duff(
    s: torch.Tensor, a: torch.Tensor, d: torch.Tensor, b: torch.Tensor, mode: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Colors, and a mask that is 1 where the result is transparent."""
    color, opacity = _MODES[mode]
    alpha = opacity(a, b).clamp(0.0, 1.0)
    mixed = torch.where(alpha > 1e-5, color(s * a, a, d * b, b) / alpha.clamp(min=1e-5), torch.zeros_like(s))
    return mixed.clamp(0.0, 1.0), 1.0 - alpha.squeeze(-1)


class Painter(Node):
    """What was painted by hand, over a picture or a plain canvas; the mask is where there is paint."""

    TITLE = "Painter"
    CATEGORY = "image"
    REQUIRED = fields(
        mask=("PAINTER", {"default": ""}),
        width=integer(512, 64, 4096, 64),
        height=integer(512, 64, 4096, 64),
        bg_color=declare.color("#000000"),
    )
    OPTIONAL = fields(image=IMAGE)
    RETURN_TYPES = ("IMAGE", "MASK")

    def run(
        self, mask: str, width: int, height: int, bg_color: str, image: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        plain = tensors.filled(width, height, tensors.hex_color(bg_color)[:3])
        canvas = plain if image is None else tensors.with_channels(image, 3)
        if not mask:
            return canvas, torch.zeros(1, *canvas.shape[1:3])
        paint = images.load(folders.current().file(mask))
        size = canvas.shape[2], canvas.shape[1]
        drawn = 1.0 - tensors.scale_mask(paint.mask, *size)
        over = composition.paste(
            canvas.movedim(-1, 1), tensors.scale(paint.image, *size, "bilinear").movedim(-1, 1), 0, 0, drawn
        )
        return over.movedim(1, -1), drawn
