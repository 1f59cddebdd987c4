"""EXIF, as WebP and AVIF carry it: `prompt:{json}` in tag 0x0110, others from 0x010F downwards."""

import struct
from collections.abc import Iterator, Mapping
from io import BytesIO

_FIRST_TAG = 0x0110


def exif_block(values: Mapping[str, str]) -> bytes:
    """The EXIF block that holds these texts, to be given to whoever encodes the image."""
    from PIL import Image  # costs more to load than all of this package

    block = Image.Exif()
    ordered = sorted(values.items(), key=lambda pair: pair[0] != "prompt")
    for offset, (key, text) in enumerate(ordered):
        block[_FIRST_TAG - offset] = f"{key}:{text}"
    return block.tobytes()


def webp_texts(data: bytes) -> dict[str, str]:
    """The texts in the EXIF chunk of a WebP file."""
    found: dict[str, str] = {}
    for kind, body in _riff_chunks(data):
        if kind == b"EXIF":
            found |= exif_texts(body)
    return found


def exif_texts(block: bytes) -> dict[str, str]:
    """Every `key:text` entry of an EXIF block; nothing when the block is damaged."""
    from PIL import Image

    entries = Image.Exif()
    try:
        entries.load(block if block.startswith(b"Exif\0\0") else b"Exif\0\0" + block)
        values = [entries[tag] for tag in entries]
    except (SyntaxError, ValueError, TypeError, KeyError, IndexError, struct.error, OSError, EOFError):
        return {}
    return dict(pair for value in values if (pair := _pair(value)))


def avif_texts(data: bytes) -> dict[str, str]:
    """The texts in the EXIF item of an AVIF file."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(BytesIO(data), formats=["AVIF"]) as image:
            block = image.info.get("exif")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return {}
    return exif_texts(block) if isinstance(block, bytes) else {}


def _pair(value: object) -> tuple[str, str] | None:
    if isinstance(value, bytes):
        value = value.decode("utf-8", errors="replace")
    if not isinstance(value, str):
        return None
    key, separator, text = value.strip("\0").partition(":")
    return (key.strip().lower(), text) if separator and key.strip().isidentifier() else None


def _riff_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 12
    while place + 8 <= len(data):
        kind, size = struct.unpack_from("<4sI", data, place)
        yield kind, data[place + 8 : place + 8 + size]
        place += 8 + size + size % 2
