"""Pictures to files: PNG, JPEG, WebP, AVIF and HEIF, with the workflow that made them inside."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from flowscale_runtime.nodes.errors import NodeError
from flowscale_runtime.nodes.lazy import Image, PngImagePlugin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from PIL.Image import Exif
    from PIL.Image import Image as PilImage
    from PIL.PngImagePlugin import PngInfo

FORMATS = ("png", "jpg", "jpeg", "webp", "avif", "heif")
PNG_LEVEL = 4
FAST = 1  # for what is only looked at once
PROMPT_TAG = 0x0110  # EXIF "Model" holds the API graph, "Make" and the tags below it the rest
OTHER_TAG = 0x010F


def png_info(metadata: Mapping[str, Any]) -> PngInfo:
    """One text chunk for each key."""
    info = PngImagePlugin.PngInfo()
    for key, value in metadata.items():
        info.add_text(key, json.dumps(value))
    return info


def animated_png_info(metadata: Mapping[str, Any]) -> PngInfo:
    """One private `comf` chunk for each key, after the pixels, where decoders of animations look past it."""
    info = PngImagePlugin.PngInfo()
    for key, value in metadata.items():
        content = key.encode("latin-1", "replace") + b"\0" + json.dumps(value).encode("latin-1", "replace")
        info.add(b"comf", content, after_idat=True)
    return info


def exif(metadata: Mapping[str, Any]) -> Exif:
    """EXIF text tags `key:{json}`."""
    tags = Image.Exif()
    others = [key for key in metadata if key != "prompt"]
    if "prompt" in metadata:
        tags[PROMPT_TAG] = "prompt:" + json.dumps(metadata["prompt"])
    for offset, key in enumerate(others):
        tags[OTHER_TAG - offset] = f"{key}:{json.dumps(metadata[key])}"
    return tags


def save(
    picture: PilImage,
    path: Path,
    *,
    quality: int = 95,
    lossless: bool = False,
    metadata: Mapping[str, Any] | None = None,
    level: int = PNG_LEVEL,
) -> None:
    """Write one picture in the format of the path's suffix."""
    kind = path.suffix.removeprefix(".").lower()
    options = _options(kind, quality, lossless, metadata or {}, level)
    if kind in {"jpg", "jpeg"}:
        picture = _flat(picture)
    try:
        picture.save(path, **options)
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno:  # of the disk, not of the format
            raise
        width, height = picture.size
        raise NodeError(
            f"{width}x{height} can't be saved as {kind}: {error}", "choose png, or scale it down"
        ) from error


def _options(
    kind: str, quality: int, lossless: bool, metadata: Mapping[str, Any], level: int
) -> dict[str, Any]:
    if kind == "png":
        return {"format": "PNG", "compress_level": level, "pnginfo": png_info(metadata)}
    if kind == "webp":
        return {"format": "WEBP", "quality": quality, "lossless": lossless, "exif": exif(metadata)}
    if kind in {"jpg", "jpeg"}:
        return {"format": "JPEG", "quality": quality, "subsampling": 0 if quality >= 90 else 2}
    if kind == "avif":
        extra = {"subsampling": "4:4:4"} if lossless else {}
        return {"format": "AVIF", "quality": 100 if lossless else quality, "exif": exif(metadata), **extra}
    _heif()
    exact = {"chroma": 444, "matrix_coefficients": 0} if lossless else {}
    return {"format": "HEIF", "quality": -1 if lossless else quality, **exact}


def _flat(picture: PilImage) -> PilImage:
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    background = Image.new("RGB", picture.size, "white")
    background.paste(picture, mask=picture.getchannel("A"))
    return background


@cache
def _heif() -> None:
    from pillow_heif import register_heif_opener  # only this format needs it

    register_heif_opener()


def save_animation(pictures: Sequence[PilImage], path: Path, *, fps: float, **options: Any) -> None:
    """Write a looping animation in the format of the path's suffix."""
    first, *rest = pictures
    first.save(path, save_all=True, append_images=rest, duration=round(1000.0 / fps), **options)
