"""From what output nodes report to files that can be published: where they lie, what they are."""

import hashlib
import mimetypes
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import av
from PIL import Image, UnidentifiedImageError

_TYPES = {
    ".avif": "image/avif",
    ".flac": "audio/flac",
    ".glb": "model/gltf-binary",
    ".gltf": "model/gltf+json",
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".mkv": "video/x-matroska",
    ".obj": "model/obj",
    ".ogg": "audio/ogg",
    ".opus": "audio/opus",
    ".safetensors": "application/octet-stream",
    ".webp": "image/webp",
}


def collect(ui: Mapping[str, Mapping[str, list[Any]]], folders: Mapping[str, Path]) -> list[dict[str, Any]]:
    """The files that nodes report, each with its hash, type and facts, in the order of nodes and lists.

    Args:
        ui: by node id what output nodes returned under `ui`.
        folders: where a reported `type` (output, temp) lies.
    """
    found = []
    for node_id, lists in ui.items():
        for name, items in lists.items():
            files = [item for item in items if isinstance(item, dict) and "filename" in item]
            texts = (
                [item for item in items if isinstance(item, str)]
                if name == "text" and not lists_files(lists)
                else []
            )
            found += [_describe(node_id, path) for path in _located(files, folders)]
            found += [_describe(node_id, path) for path in _written(node_id, texts, folders["output"])]
    return found


def lists_files(lists: Mapping[str, list[Any]]) -> bool:
    """Whether a node reports files, so that its texts are only shown."""
    return any(isinstance(item, dict) and "filename" in item for items in lists.values() for item in items)


def content_type(path: Path) -> str:
    """The media type that a file's name stands for."""
    suffix = path.suffix.lower()
    return _TYPES.get(suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def facts(path: Path, media_type: str) -> dict[str, Any]:
    """What a client wants to know before it downloads: width and height in pixels, seconds, frames a second."""
    kind = media_type.split("/")[0]
    if kind == "image":
        return _image_facts(path)
    if kind in {"video", "audio"}:
        return _media_facts(path)
    return {}


def _located(files: Iterable[Mapping[str, Any]], folders: Mapping[str, Path]) -> Iterable[Path]:
    for item in files:
        folder = folders.get(item.get("type", "output"))
        if folder is None:
            continue
        path = (folder / item.get("subfolder", "") / item["filename"]).resolve()
        if path.is_relative_to(folder.resolve()) and path.is_file():
            yield path


def _written(node_id: str, texts: list[str], folder: Path) -> Iterable[Path]:
    for number, text in enumerate(texts):
        path = folder / f".text_{node_id.replace('/', '_')}_{number}.txt"
        path.write_text(text)
        yield path


def _describe(node_id: str, path: Path) -> dict[str, Any]:
    media_type = content_type(path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "node_id": node_id,
        "path": str(path),
        "object": digest,
        "extension": path.suffix,
        "content_type": media_type,
        "size": path.stat().st_size,
        "metadata": facts(path, media_type),
    }


def _image_facts(path: Path) -> dict[str, Any]:
    try:
        with Image.open(path) as image:
            return {"width": image.width, "height": image.height, "format": image.format}
    except (UnidentifiedImageError, OSError):
        return {}


def _media_facts(path: Path) -> dict[str, Any]:
    try:
        with av.open(str(path)) as container:
            found: dict[str, Any] = {"format": container.format.name}
            if container.duration:
                found["duration"] = container.duration / av.time_base
            for video in container.streams.video[:1]:
                rate = float(video.average_rate) if video.average_rate else None
                found |= {"width": video.width, "height": video.height, "fps": rate}
            for audio in container.streams.audio[:1]:
                found |= {name: getattr(audio, name, None) for name in ("sample_rate", "channels")}
            return found
    except av.FFmpegError:
        return {}
