"""Nodes that change, mix and read colors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowscale_runtime.nodes import declare, images, tensors
from flowscale_runtime.nodes.declare import IMAGE, Node, choice, fields, integer, number
from flowscale_runtime.nodes.lazy import Image, numpy, torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.Image import Image as PilImage

DITHERS = ("none", "floyd-steinberg", "bayer-2", "bayer-4", "bayer-8", "bayer-16")


def colors_only(image: torch.Tensor, change: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    """Pictures whose colors are changed and kept in range; alpha stays."""
    changed = change(image[..., :3]).clamp(0.0, 1.0)
    return torch.cat([changed, image[..., 3:]], dim=-1)


class ImageInvert(Node):
    """The negative of pictures."""

    TITLE = "Invert Image"
    CATEGORY = "image"
    REQUIRED = fields(image=IMAGE)
    RETURN_TYPES = ("IMAGE",)

    def run(self, image: torch.Tensor) -> tuple[torch.Tensor]:
        return (1.0 - image,)


def _overlay(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.where(a <= 0.5, 2 * a * b, 1 - 2 * (1 - a) * (1 - b))


def _soft_light(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    curve = torch.where(a <= 0.25, ((16 * a - 12) * a + 4) * a, a.clamp(min=0.0).sqrt())
    return torch.where(b <= 0.5, a - (1 - 2 * b) * a * (1 - a), a + (2 * b - 1) * (curve - a))


BLENDS: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "normal": lambda a, b: b,
    "multiply": lambda a, b: a * b,
    "screen": lambda a, b: 1 - (1 - a) * (1 - b),
    "overlay": _overlay,
    "soft_light": _soft_light,
    "difference": lambda a, b: a - b,
}


class ImageBlend(Node):
    """Mix a second picture into the first."""

    TITLE = "Image Blend"
    CATEGORY = "image/postprocessing"
    REQUIRED = fields(
        image1=IMAGE, image2=IMAGE, blend_factor=number(0.5, 0.0, 1.0), blend_mode=choice(BLENDS)
    )
    RETURN_TYPES = ("IMAGE",)

    def run(
        self, image1: torch.Tensor, image2: torch.Tensor, blend_factor: float, blend_mode: str
    ) -> tuple[torch.Tensor]:
        channels = max(3, image1.shape[-1], image2.shape[-1])
        height, width = image1.shape[1:3]
        second = tensors.with_channels(tensors.scale(image2, width, height, "bicubic", "center"), channels)
        first, second = tensors.same_batch(tensors.with_channels(image1, channels), second)
        mixed = BLENDS[blend_mode](first, second)
        return (torch.lerp(first, mixed, blend_factor).clamp(0.0, 1.0),)


class ImageQuantize(Node):
    """Pictures with few colors."""

    TITLE = "Image Quantize"
    CATEGORY = "image/postprocessing"
    REQUIRED = fields(image=IMAGE, colors=integer(256, 1, 256), dither=choice(DITHERS))
    RETURN_TYPES = ("IMAGE",)

    def run(self, image: torch.Tensor, colors: int, dither: str) -> tuple[torch.Tensor]:
        done = [quantized(images.to_pil(picture[..., :3]), colors, dither) for picture in image]
        return (torch.stack([images.to_tensors(picture)[0] for picture in done]),)


def quantized(picture: PilImage, colors: int, dither: str) -> PilImage:
    """An RGB picture of at most so many colors."""
    palette = picture.quantize(colors=colors)
    if dither.startswith("bayer-"):
        picture = _ordered(picture, int(dither.removeprefix("bayer-")), colors)
    spread = Image.Dither.FLOYDSTEINBERG if dither == "floyd-steinberg" else Image.Dither.NONE
    return picture.quantize(colors=colors, palette=palette, dither=spread).convert("RGB")


def _ordered(picture: PilImage, order: int, colors: int) -> PilImage:
    pixels = numpy.asarray(picture, dtype="float32")
    height, width = pixels.shape[:2]
    tiles = (-(-height // order), -(-width // order))
    offsets = numpy.tile(bayer(order).numpy(), tiles)[:height, :width, None]
    shifted = pixels + (offsets - 0.5) * (2 * 256.0 / colors)
    return Image.fromarray(shifted.clip(0, 255).astype("uint8"))


def bayer(order: int) -> torch.Tensor:
    """The threshold matrix of ordered dithering, values from 0 to below 1; the order is a power of two."""
    matrix = torch.zeros(1, 1)
    while matrix.shape[0] < order:
        rows = torch.cat([4 * matrix, 4 * matrix + 2], 1), torch.cat([4 * matrix + 3, 4 * matrix + 1], 1)
        matrix = torch.cat(rows, 0)
    return matrix / matrix.numel()


class AdjustBrightness(Node):
    """Multiply colors by a factor."""

    TITLE = "Adjust Brightness"
    CATEGORY = "image/adjustments"
    REQUIRED = fields(image=IMAGE, factor=number(1.0, 0.0, 2.0))
    RETURN_TYPES = ("IMAGE",)

    def run(self, image: torch.Tensor, factor: float = 1.0) -> tuple[torch.Tensor]:
        return (colors_only(image, lambda rgb: rgb * factor),)


class AdjustContrast(Node):
    """Move colors away from mid gray, or towards it."""

    TITLE = "Adjust Contrast"
    CATEGORY = "image/adjustments"
    REQUIRED = fields(image=IMAGE, factor=number(1.0, 0.0, 2.0))
    RETURN_TYPES = ("IMAGE",)

    def run(self, image: torch.Tensor, factor: float = 1.0) -> tuple[torch.Tensor]:
        return (colors_only(image, lambda rgb: (rgb - 0.5) * factor + 0.5),)


class NormalizeImages(Node):
    """Subtract a mean from colors, then divide by a deviation; the result may leave 0..1."""

    TITLE = "Normalize Image Colors"
    CATEGORY = "image/adjustments"
    REQUIRED = fields(image=IMAGE, mean=number(0.5, 0.0, 1.0), std=number(0.5, 0.001, 1.0, 0.001))
    RETURN_TYPES = ("IMAGE",)

    def run(self, image: torch.Tensor, mean: float = 0.5, std: float = 0.5) -> tuple[torch.Tensor]:
        return (torch.cat([(image[..., :3] - mean) / std, image[..., 3:]], dim=-1),)


YUV = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))


class ImageRGBToYUV(Node):
    """Brightness and the two color differences of pictures, each as a gray picture."""

    TITLE = "Image RGB to YUV"
    CATEGORY = "image/color"
    REQUIRED = fields(image=IMAGE)
    RETURN_TYPES = ("IMAGE", "IMAGE", "IMAGE")
    RETURN_NAMES = ("Y", "U", "V")

    def run(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        planes = image[..., :3] @ torch.tensor(YUV).T.to(image) + torch.tensor([0.0, 0.5, 0.5]).to(image)
        return tuple(plane.repeat(1, 1, 1, 3) for plane in planes.split_with_sizes((1, 1, 1), dim=-1))


class ImageYUVToRGB(Node):
    """Pictures of their brightness and color differences."""

    TITLE = "Image YUV to RGB"
    CATEGORY = "image/color"
    REQUIRED = fields(Y=IMAGE, U=IMAGE, V=IMAGE)
    RETURN_TYPES = ("IMAGE",)

    def run(self, Y: torch.Tensor, U: torch.Tensor, V: torch.Tensor) -> tuple[torch.Tensor]:
        planes = torch.stack([part[..., :3].mean(-1) for part in (Y, U, V)], dim=-1)
        rgb = (planes - torch.tensor([0.0, 0.5, 0.5]).to(Y)) @ torch.tensor(YUV).inverse().T.to(Y)
        return (rgb.clamp(0.0, 1.0),)


class ColorToRGBInt(Node):
    """A color as a number, as #RRGGBB, and its opacity."""

    TITLE = "Color to RGB Int"
    CATEGORY = "utils"
    REQUIRED = fields(color=declare.color("#ffffff"))
    RETURN_TYPES = ("INT", "COLOR", "FLOAT")
    RETURN_NAMES = ("rgb_int", "hex", "alpha")

    def run(self, color: str) -> tuple[int, str, float]:
        *_, alpha = tensors.hex_color(color)
        return int(color[1:7], 16), color[:7], alpha
