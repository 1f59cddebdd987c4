"""Nodes that cut, pad, turn and join pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowscale_runtime.nodes import declare, tensors
from flowscale_runtime.nodes.declare import IMAGE, MAX_SIDE, Node, choice, fields, integer
from flowscale_runtime.nodes.lazy import functional, torch

if TYPE_CHECKING:
    from collections.abc import Mapping

FLIPS = {"x-axis: vertically": 1, "y-axis: horizontally": 2}
TURNS = ("none", "90 degrees", "180 degrees", "270 degrees")
COLORS = {
    "white": (1.0, 1.0, 1.0),
    "black": (0.0, 0.0, 0.0),
    "red": (1.0, 0.0, 0.0),
    "green": (0.0, 1.0, 0.0),
    "blue": (0.0, 0.0, 1.0),
}


def cut(image: torch.Tensor, x: int, y: int, width: int, height: int) -> torch.Tensor:
    """A part of pictures or masks; what lies outside is left away, but one pixel always remains."""
    x, y = min(x, image.shape[2] - 1), min(y, image.shape[1] - 1)
    return image[:, y : y + max(1, height), x : x + max(1, width)]


class ImageCrop(Node):
    """Cut a rectangle out of pictures."""

    TITLE = "Image Crop"
    CATEGORY = "image/transform"
    REQUIRED = fields(
        image=IMAGE, width=integer(512, 1), height=integer(512, 1), x=integer(0, 0), y=integer(0, 0)
    )
    RETURN_TYPES = ("IMAGE",)

    def run(self, image: torch.Tensor, width: int, height: int, x: int, y: int) -> tuple[torch.Tensor]:
        return (cut(image, x, y, width, height),)


class ImageCropV2(Node):
    """Cut a region that was drawn out of pictures."""

    TITLE = "Image Crop"
    CATEGORY = "image/transform"
    REQUIRED = fields(
        image=IMAGE,
        crop_region=("BOUNDING_BOX", {"default": {"x": 0, "y": 0, "width": 512, "height": 512}}),
    )
    RETURN_TYPES = ("IMAGE",)

    def run(self, image: torch.Tensor, crop_region: Mapping[str, int]) -> tuple[torch.Tensor]:
        box = {"x": 0, "y": 0, "width": 512, "height": 512, **crop_region}
        return (cut(image, max(0, box["x"]), max(0, box["y"]), box["width"], box["height"]),)


class CenterCropImages(Node):
    """Cut the middle out of pictures."""

    TITLE = "Center Crop Images"
    CATEGORY = "image/transform"
    REQUIRED = fields(images=IMAGE, width=integer(512, 1, 8192), height=integer(512, 1, 8192))
    RETURN_TYPES = ("IMAGE",)
    RETURN_NAMES = ("images",)

    def run(self, images: torch.Tensor, width: int, height: int) -> tuple[torch.Tensor]:
        x, y = max(0, (images.shape[2] - width) // 2), max(0, (images.shape[1] - height) // 2)
        return (cut(images, x, y, width, height),)


class ImagePadForOutpaint(Node):
    """Add gray borders to pictures, and a mask of what is to be painted there."""

    TITLE = "Pad Image for Outpainting"
    CATEGORY = "image"
    REQUIRED = fields(
        image=IMAGE,
        left=integer(0, 0, MAX_SIDE, 8),
        top=integer(0, 0, MAX_SIDE, 8),
        right=integer(0, 0, MAX_SIDE, 8),
        bottom=integer(0, 0, MAX_SIDE, 8),
        feathering=integer(40, 0, MAX_SIDE),
    )
    RETURN_TYPES = ("IMAGE", "MASK")

    def run(
        self, image: torch.Tensor, left: int, top: int, right: int, bottom: int, feathering: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        borders = (left, right, top, bottom)
        padded = functional.pad(image.movedim(-1, 1), borders, value=0.5).movedim(1, -1)
        inner = feathered(image.shape[1], image.shape[2], borders, feathering)
        return padded, functional.pad(inner, borders, value=1.0).unsqueeze(0)


def feathered(height: int, width: int, borders: tuple[int, int, int, int], radius: int) -> torch.Tensor:
    """0 inside, rising to 1 at the sides that were padded (left, right, top, bottom)."""
    if radius <= 0 or radius * 2 >= min(height, width):
        return torch.zeros(height, width)
    rows, columns = torch.arange(height).float()[:, None], torch.arange(width).float()[None, :]
    distances = (columns, width - columns, rows, height - rows)
    nearest = torch.full((height, width), float(radius))
    for border, distance in zip(borders, distances, strict=True):
        nearest = torch.minimum(nearest, distance) if border else nearest
    return ((radius - nearest) / radius) ** 2


class ImageFlip(Node):
    """Mirror pictures."""

    TITLE = "Image Flip"
    CATEGORY = "image/transform"
    REQUIRED = fields(image=IMAGE, flip_method=choice(FLIPS))
    RETURN_TYPES = ("IMAGE",)

    def run(self, image: torch.Tensor, flip_method: str) -> tuple[torch.Tensor]:
        return (image.flip(FLIPS[flip_method]),)


class ImageRotate(Node):
    """Turn pictures clockwise."""

    TITLE = "Image Rotate"
    CATEGORY = "image/transform"
    REQUIRED = fields(image=IMAGE, rotation=choice(TURNS))
    RETURN_TYPES = ("IMAGE",)

    def run(self, image: torch.Tensor, rotation: str) -> tuple[torch.Tensor]:
        return (torch.rot90(image, TURNS.index(rotation), dims=(2, 1)),)


class ImageStitch(Node):
    """Put a second picture beside the first."""

    TITLE = "Image Stitch"
    CATEGORY = "image/transform"
    REQUIRED = fields(
        image1=IMAGE,
        direction=choice(["right", "down", "left", "up"], "right"),
        match_image_size=declare.switch(True),
        spacing_width=integer(0, 0, 1024, 2),
        spacing_color=choice(COLORS, "white"),
    )
    OPTIONAL = fields(image2=IMAGE)
    RETURN_TYPES = ("IMAGE",)

    def run(
        self,
        image1: torch.Tensor,
        direction: str,
        match_image_size: bool,
        spacing_width: int,
        spacing_color: str,
        image2: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor]:
        if image2 is None:
            return (image1,)
        axis = 2 if direction in {"right", "left"} else 1
        one, two = _alike(image1, image2)
        first, second = _matched(one, two, axis) if match_image_size else _padded(one, two, axis)
        parts = [first, *_spacing(first, axis, spacing_width + spacing_width % 2, spacing_color), second]
        return (torch.cat(parts if direction in {"right", "down"} else parts[::-1], dim=axis),)


def _alike(*pictures: torch.Tensor) -> tuple[torch.Tensor, ...]:
    channels = max(3, *(picture.shape[-1] for picture in pictures))
    return tensors.same_batch(*(tensors.with_channels(picture, channels) for picture in pictures))


def _matched(first: torch.Tensor, second: torch.Tensor, axis: int) -> tuple[torch.Tensor, torch.Tensor]:
    height, width = first.shape[1:3]
    if axis == 2:
        size = max(1, round(second.shape[2] * height / second.shape[1])), height
    else:
        size = width, max(1, round(second.shape[1] * width / second.shape[2]))
    return first, tensors.scale(second, *size, "lanczos")


def _padded(first: torch.Tensor, second: torch.Tensor, axis: int) -> tuple[torch.Tensor, torch.Tensor]:
    other = 3 - axis
    length = max(first.shape[other], second.shape[other])
    return _centered(first, other, length), _centered(second, other, length)


def _centered(picture: torch.Tensor, axis: int, length: int) -> torch.Tensor:
    before = (length - picture.shape[axis]) // 2
    after = length - picture.shape[axis] - before
    borders = (0, 0, before, after) if axis == 2 else (0, 0, 0, 0, before, after)
    return functional.pad(picture, borders)


def _spacing(beside: torch.Tensor, axis: int, width: int, color: str) -> list[torch.Tensor]:
    if not width:
        return []
    shape = list(beside.shape)
    shape[axis] = width
    values = torch.tensor([*COLORS[color], 1.0][: shape[-1]])
    return [values.expand(shape)]


class GetImageSize(Node):
    """Width, height and batch size of pictures."""

    TITLE = "Get Image Size"
    CATEGORY = "image"
    REQUIRED = fields(image=IMAGE)
    RETURN_TYPES = ("INT", "INT", "INT")
    RETURN_NAMES = ("width", "height", "batch_size")

    def run(self, image: torch.Tensor) -> dict[str, Any]:
        count, height, width = image.shape[:3]
        shown = f"width: {width}, height: {height}\n batch size: {count}"
        return {"ui": {"text": [shown]}, "result": (width, height, count)}
