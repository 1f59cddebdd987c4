"""Nodes that change how large pictures are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from flowscale_runtime.nodes import declare, tensors
from flowscale_runtime.nodes.declare import IMAGE, MAX_SIDE, Node, choice, fields, integer, number
from flowscale_runtime.nodes.dynamic import DynamicNode
from flowscale_runtime.nodes.errors import NodeError

if TYPE_CHECKING:
    import torch

MEGAPIXEL = 1024 * 1024
METHODS = choice(tensors.METHODS)
AREA_FIRST = choice(["area", "lanczos", "bilinear", "nearest-exact", "bicubic"], "area")
KONTEXT = (
    *((672, 1568), (688, 1504), (720, 1456), (752, 1392), (800, 1328), (832, 1248)),
    *((880, 1184), (944, 1104), (1024, 1024), (1104, 944), (1184, 880), (1248, 832)),
    *((1328, 800), (1392, 752), (1456, 720), (1504, 688), (1568, 672)),
)


def with_ratio(size: tuple[int, int], width: int, height: int) -> tuple[int, int]:
    """A size in which a side of 0 follows from the other."""
    if not width and not height:
        return size
    return (
        width or max(1, round(size[0] * height / size[1])),
        height or max(1, round(size[1] * width / size[0])),
    )


def size_of(image: torch.Tensor) -> tuple[int, int]:
    """Width and height of pictures or masks."""
    return image.shape[2], image.shape[1]


class ImageScale(Node):
    """Scale pictures to a size; a side of 0 keeps the aspect."""

    TITLE = "Upscale Image"
    CATEGORY = "image/upscaling"
    REQUIRED = fields(
        image=IMAGE,
        upscale_method=METHODS,
        width=integer(512, 0, MAX_SIDE),
        height=integer(512, 0, MAX_SIDE),
        crop=choice(tensors.CROPS),
    )
    RETURN_TYPES = ("IMAGE",)

    def run(
        self, image: torch.Tensor, upscale_method: str, width: int, height: int, crop: str
    ) -> tuple[torch.Tensor]:
        target = with_ratio(size_of(image), width, height)
        return (tensors.scale(image, *target, upscale_method, crop),)


class ImageScaleBy(Node):
    """Scale pictures by a factor."""

    TITLE = "Upscale Image By"
    CATEGORY = "image/upscaling"
    REQUIRED = fields(image=IMAGE, upscale_method=METHODS, scale_by=number(1.0, 0.01, 8.0))
    RETURN_TYPES = ("IMAGE",)

    def run(self, image: torch.Tensor, upscale_method: str, scale_by: float) -> tuple[torch.Tensor]:
        width, height = (max(1, round(side * scale_by)) for side in size_of(image))
        return (tensors.scale(image, width, height, upscale_method),)


class ImageScaleToTotalPixels(Node):
    """Scale pictures to a number of megapixels, each side to a multiple of a step."""

    TITLE = "Scale Image to Total Pixels"
    CATEGORY = "image/upscaling"
    REQUIRED = fields(
        image=IMAGE,
        upscale_method=METHODS,
        megapixels=number(1.0, 0.01, 16.0),
        resolution_steps=integer(1, 1, 256, advanced=True),
    )
    RETURN_TYPES = ("IMAGE",)

    def run(
        self, image: torch.Tensor, upscale_method: str, megapixels: float, resolution_steps: int = 1
    ) -> tuple[torch.Tensor]:
        width, height = total_pixels(size_of(image), megapixels, resolution_steps)
        return (tensors.scale(image, width, height, upscale_method),)


def total_pixels(size: tuple[int, int], megapixels: float, step: int = 1) -> tuple[int, int]:
    """A size of the same aspect with so many pixels."""
    factor = math.sqrt(megapixels * MEGAPIXEL / (size[0] * size[1]))
    width, height = (max(step, round(side * factor / step) * step) for side in size)
    return width, height


class ImageScaleToMaxDimension(Node):
    """Scale pictures so that the longer side has a length."""

    TITLE = "Scale Image to Max Dimension"
    CATEGORY = "image/upscaling"
    REQUIRED = fields(image=IMAGE, upscale_method=AREA_FIRST, largest_size=integer(512, 0, MAX_SIDE))
    RETURN_TYPES = ("IMAGE",)

    def run(self, image: torch.Tensor, upscale_method: str, largest_size: int) -> tuple[torch.Tensor]:
        target = by_edge(size_of(image), largest_size, max)
        return (tensors.scale(image, *target, upscale_method),)


def by_edge(size: tuple[int, int], length: int, edge: Any) -> tuple[int, int]:
    """A size of the same aspect whose longer (`max`) or shorter (`min`) side has a length."""
    factor = length / edge(size)
    width, height = (max(1, round(side * factor)) for side in size)
    return width, height


class ResizeImagesByLongerEdge(Node):
    """Scale pictures so that the longer edge has a length."""

    TITLE = "Resize Images by Longer Edge"
    CATEGORY = "image/transform"
    REQUIRED = fields(images=IMAGE, longer_edge=integer(1024, 1, 8192))
    RETURN_TYPES = ("IMAGE",)
    RETURN_NAMES = ("images",)

    def run(self, images: torch.Tensor, longer_edge: int) -> tuple[torch.Tensor]:
        return (tensors.scale(images, *by_edge(size_of(images), longer_edge, max), "lanczos"),)


class ResizeImagesByShorterEdge(Node):
    """Scale pictures so that the shorter edge has a length."""

    TITLE = "Resize Images by Shorter Edge"
    CATEGORY = "image/transform"
    REQUIRED = fields(images=IMAGE, shorter_edge=integer(512, 1, 8192))
    RETURN_TYPES = ("IMAGE",)
    RETURN_NAMES = ("images",)

    def run(self, images: torch.Tensor, shorter_edge: int) -> tuple[torch.Tensor]:
        return (tensors.scale(images, *by_edge(size_of(images), shorter_edge, min), "lanczos"),)


class FluxKontextImageScale(Node):
    """Scale pictures to the size nearest in aspect of those that Flux Kontext was trained on."""

    CATEGORY = "advanced/conditioning/flux"
    REQUIRED = fields(image=IMAGE)
    RETURN_TYPES = ("IMAGE",)

    def run(self, image: torch.Tensor) -> tuple[torch.Tensor]:
        width, height = size_of(image)
        target = min(KONTEXT, key=lambda size: abs(width / height - size[0] / size[1]))
        return (tensors.scale(image, *target, "lanczos", "center"),)


class ResizeAndPadImage(Node):
    """Scale pictures into a frame, keeping their aspect, and fill what is left."""

    TITLE = "Resize And Pad Image"
    CATEGORY = "image/transform"
    REQUIRED = fields(
        image=IMAGE,
        target_width=integer(512, 1),
        target_height=integer(512, 1),
        padding_color=choice(["white", "black"], "white"),
        interpolation=choice(["area", "bicubic", "nearest-exact", "bilinear", "lanczos"], "area"),
    )
    RETURN_TYPES = ("IMAGE",)

    def run(
        self,
        image: torch.Tensor,
        target_width: int,
        target_height: int,
        padding_color: str,
        interpolation: str,
    ) -> tuple[torch.Tensor]:
        width, height = size_of(image)
        factor = min(target_width / width, target_height / height)
        width, height = max(1, int(width * factor)), max(1, int(height * factor))
        x, y = (target_width - width) // 2, (target_height - height) // 2
        shape = (image.shape[0], target_height, target_width, image.shape[-1])
        frame = image.new_full(shape, 1.0 if padding_color == "white" else 0.0)
        frame[:, y : y + height, x : x + width] = tensors.scale(image, width, height, interpolation)
        return (frame,)


_SIDE = integer(512, 0, 8192)
_CROP = choice(tensors.CROPS, "center")
_EITHER = declare.socket("IMAGE,MASK")
_WAYS = {
    "scale dimensions": fields(width=_SIDE, height=_SIDE, crop=_CROP),
    "scale by multiplier": fields(multiplier=number(1.0, 0.01, 8.0)),
    "scale longer dimension": fields(longer_size=_SIDE),
    "scale shorter dimension": fields(shorter_size=_SIDE),
    "scale width": fields(width=_SIDE),
    "scale height": fields(height=_SIDE),
    "scale total pixels": fields(megapixels=number(1.0, 0.01, 16.0)),
    "match size": fields(match=_EITHER, crop=_CROP),
    "scale to multiple": fields(multiple=integer(8, 1, 8192)),
}


class ResizeImageMaskNode(DynamicNode):
    """Scale pictures or masks in one of several ways."""

    TITLE = "Resize Image/Mask"
    CATEGORY = "image/transform"
    REQUIRED = fields(
        input=_EITHER,
        resize_type=declare.choice_with_inputs(_WAYS),
        scale_method=choice(tensors.METHODS, "area"),
    )
    RETURN_TYPES = ("IMAGE,MASK",)
    RETURN_NAMES = ("resized",)

    def run(self, input: torch.Tensor, scale_method: str, **given: Any) -> tuple[torch.Tensor]:  # noqa: A002
        way, options = declare.chosen("resize_type", given), declare.nested("resize_type", given)
        width, height = target_size(way, size_of(input), options)
        planes = input.unsqueeze(-1) if input.ndim == 3 else input
        crop = options.get("crop", "disabled") if way in {"scale dimensions", "match size"} else "disabled"
        if way == "scale to multiple":
            crop = "center"
        scaled = tensors.scale(planes, width, height, scale_method, crop)
        return (scaled.squeeze(-1) if input.ndim == 3 else scaled,)


def target_size(way: str, size: tuple[int, int], options: dict[str, Any]) -> tuple[int, int]:
    """The size that a way of resizing asks for."""
    match way:
        case "scale dimensions":
            return with_ratio(size, options["width"], options["height"])
        case "scale by multiplier":
            return by_edge(size, max(1, round(max(size) * options["multiplier"])), max)
        case "scale longer dimension":
            return by_edge(size, options["longer_size"], max)
        case "scale shorter dimension":
            return by_edge(size, options["shorter_size"], min)
        case "scale width":
            return with_ratio(size, options["width"], 0)
        case "scale height":
            return with_ratio(size, 0, options["height"])
        case "scale total pixels":
            return total_pixels(size, options["megapixels"])
        case "match size":
            return size_of(options["match"])
        case "scale to multiple":
            step = options["multiple"]
            return max(step, size[0] // step * step), max(step, size[1] // step * step)
        case _:
            raise NodeError(f"{way!r} is no way to resize", f"choose one of {', '.join(_WAYS)}")
