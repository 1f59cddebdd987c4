"""Image files to tensors, with hostile files in mind: sizes are checked before pixels are decoded."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from flowscale_runtime.nodes.errors import BadImage
from flowscale_runtime.nodes.lazy import Image, ImageOps, ImageSequence, numpy, torch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PIL.Image import Image as PilImage

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".heif")
SIXTEEN_BIT = ("I;16", "I;16L", "I;16B", "I;16N")
NO_MASK = (64, 64)  # the mask of an image without transparency, as ComfyUI has it


@dataclass(frozen=True)
class Limits:
    """The most that one file may decode to."""

    pixels: int = 89_000_000  # of a frame: 1 GB as floats
    all_pixels: int = 268_000_000  # of all its frames
    frames: int = 4096


LIMITS = Limits()


@dataclass(frozen=True)
class Loaded:
    """An image file as tensors: frames `[B,H,W,3]` and, where pixels are transparent, mask `[B,H,W]`."""

    image: torch.Tensor
    mask: torch.Tensor


def load(path: Path, limits: Limits = LIMITS) -> Loaded:
    """Every frame of a file, upright, as RGB from 0 to 1; the mask is 1 where the image is transparent."""
    colors: list[torch.Tensor] = []
    masks: list[torch.Tensor] = []
    for frame in frames(path.read_bytes(), path.name, limits):
        rgb, mask = to_tensors(frame)
        if colors and rgb.shape != colors[0].shape:  # frames of another size can't share a batch
            continue
        colors.append(rgb)
        masks.append(mask)
    return Loaded(torch.stack(colors), torch.stack(masks))


def frames(data: bytes, name: str = "image", limits: Limits = LIMITS) -> list[PilImage]:
    """The decoded frames of an image file, rotated upright."""
    try:
        return list(_decoded(data, name, limits))
    except BadImage:
        raise
    except MemoryError as error:
        raise BadImage(f"{name}: too large to decode", "send a smaller image") from error
    except Exception as error:  # decoders of hostile data fail in any way
        raise BadImage(
            f"{name}: {_cause(data, error)}", "send a whole PNG, JPEG, WebP, AVIF or HEIF file"
        ) from error


def _decoded(data: bytes, name: str, limits: Limits) -> Iterator[PilImage]:
    if data[4:8] == b"ftyp":
        _heif()
    with Image.open(io.BytesIO(data)) as image:
        _check(image, name, limits)
        budget = limits.all_pixels
        for index, frame in enumerate(ImageSequence.Iterator(image)):
            budget -= frame.width * frame.height
            if budget < 0 or index >= limits.frames:
                raise BadImage(
                    f"{name}: too many frames", f"send at most {limits.all_pixels:,} pixels in all"
                )
            yield ImageOps.exif_transpose(frame.copy())
            if image.format == "MPO":  # the others are views of the same photo
                return


def _check(image: PilImage, name: str, limits: Limits) -> None:
    width, height = image.size
    if not width or not height:
        raise BadImage(f"{name}: {width}x{height} holds no pixels", "send an image with pixels")
    if width * height > limits.pixels:
        raise BadImage(
            f"{name}: {width}x{height} is more than {limits.pixels:,} pixels", "send a smaller image"
        )


def _cause(data: bytes, error: Exception) -> str:
    if not data:
        return "the file is empty"
    unknown = type(error).__name__ == "UnidentifiedImageError"
    return "not an image in a format that is known" if unknown else f"the image is damaged ({error})"


@cache
def _heif() -> None:
    from pillow_heif import register_heif_opener  # only files of this kind need it

    register_heif_opener()


def to_tensors(image: PilImage) -> tuple[torch.Tensor, torch.Tensor]:
    """RGB `[H,W,3]` and mask `[H,W]` of one frame."""
    if image.mode in SIXTEEN_BIT or image.mode in {"I", "F"}:
        gray = _deep(image)
        return gray.unsqueeze(-1).expand(-1, -1, 3).contiguous(), torch.zeros(NO_MASK)
    if image.has_transparency_data:
        rgba = _bytes(image.convert("RGBA"))
        return rgba[..., :3].contiguous(), 1.0 - rgba[..., 3]
    return _bytes(image.convert("RGB")), torch.zeros(NO_MASK)


def _bytes(image: PilImage) -> torch.Tensor:
    return torch.from_numpy(numpy.array(image)).float().div_(255.0)


def _deep(image: PilImage) -> torch.Tensor:
    values = torch.from_numpy(numpy.array(image).astype("float32"))
    return (values if image.mode == "F" else values / 65535.0).nan_to_num(0.0).clamp_(0.0, 1.0)


def to_pil(image: torch.Tensor) -> PilImage:
    """An 8-bit picture of `[H,W,C]` (1, 3 or 4 channels) or `[H,W]`, values clipped and rounded."""
    pixels = image.detach().float().clamp(0.0, 1.0).mul(255.0).round_().to(torch.uint8).cpu().numpy()
    return Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1:] == (1,) else pixels)


def rgb(images: torch.Tensor) -> torch.Tensor:
    """The same pictures with three channels."""
    channels = images.shape[-1]
    if channels == 1:
        return images.expand(*images.shape[:-1], 3)
    return images[..., :3]
