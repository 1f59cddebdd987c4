"""Which container some bytes are, and what it says about the workflow that made it."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from flowscale_workflows.errors import FormatError
from flowscale_workflows.jsontext import parsed_or_text
from flowscale_workflows.metadata import audio, exif, others, png, video


class _Container(NamedTuple):
    name: str
    matches: Callable[[bytes], bool]
    texts: Callable[[bytes], Mapping[str, object]]


def _starts(*marks: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.startswith(marks)


def _is_boxes(data: bytes) -> bool:
    return data[4:8] == b"ftyp"


def _is_svg(data: bytes) -> bool:
    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith(b"<svg") or (head.startswith((b"<?xml", b"<!")) and b"<svg" in data[:4096])


def _box_texts(data: bytes) -> Mapping[str, object]:
    return exif.avif_texts(data) if data[8:12] in {b"avif", b"avis"} else video.box_texts(data)


_CONTAINERS = (
    _Container("PNG", _starts(png.SIGNATURE), png.texts),
    _Container("WebP", lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP", exif.webp_texts),
    _Container("MP4 or AVIF", _is_boxes, _box_texts),
    _Container("Matroska", _starts(b"\x1a\x45\xdf\xa3"), video.element_texts),
    _Container("FLAC", _starts(b"fLaC"), audio.flac_texts),
    _Container("Ogg", _starts(b"OggS"), audio.ogg_texts),
    _Container("MP3", lambda data: data.startswith(b"ID3") and len(data) >= 14, audio.id3_texts),
    _Container("GLB", _starts(b"glTF"), others.glb_texts),
    _Container("OpenEXR", _starts(b"\x76\x2f\x31\x01"), others.exr_texts),
    _Container("SVG", _is_svg, others.svg_texts),
    _Container("safetensors", others.is_safetensors, others.safetensors_texts),
)


def container(data: bytes) -> str | None:
    """The name of the container, None when it is none of those that can hold a workflow."""
    found = _find(data)
    return found.name if found else None


def read(data: bytes) -> dict[str, Any]:
    """What the file holds under `prompt`, `workflow` and other names, JSON texts parsed.

    Raises FormatError when the container is not one that can hold a workflow, or is damaged.
    """
    found = _find(data)
    if found is None:
        raise FormatError("This is no image, video, audio or model file that can hold a workflow.")
    return {
        key: parsed_or_text(value) if isinstance(value, str) and key in {"prompt", "workflow"} else value
        for key, value in found.texts(data).items()
    }


def _find(data: bytes) -> _Container | None:
    return next((item for item in _CONTAINERS if item.matches(data)), None)
