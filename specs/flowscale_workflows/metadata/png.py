"""PNG: text chunks (tEXt, iTXt, zTXt) and the private `comf` chunk of animated images."""

import struct
import zlib
from collections.abc import Iterator, Mapping

from flowscale_workflows.errors import FormatError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_TEXT = 64 * 1024 * 1024
_HEADER_END = len(SIGNATURE) + 25


def texts(data: bytes) -> dict[str, str]:
    """Every text in the file by its keyword; a damaged tail ends the reading."""
    found: dict[str, str] = {}
    for kind, body in _chunks(data):
        reader = _READERS.get(kind)
        pair = reader(body) if reader else None
        if pair:
            found[pair[0]] = pair[1]
    return found


def png_text(keyword: str, text: str) -> bytes:
    """One whole chunk holding a text: tEXt when Latin-1 is enough, else iTXt."""
    key = keyword.encode("latin-1")
    if not 1 <= len(key) <= 79:
        raise FormatError(f"A PNG keyword has 1 to 79 characters; {keyword!r} has {len(key)}.")
    try:
        return _chunk(b"tEXt", key + b"\0" + text.encode("latin-1"))
    except UnicodeEncodeError:
        return _chunk(b"iTXt", key + b"\0\0\0\0\0" + text.encode())


def with_png_text(data: bytes, values: Mapping[str, str]) -> bytes:
    """The same image with these texts after its header; texts of the same keywords go."""
    if not data.startswith(SIGNATURE) or len(data) < _HEADER_END:
        raise FormatError("This is not a PNG file.")
    kept = [
        _chunk(kind, body)
        for kind, body in _chunks(data)
        if not (kind in _READERS and (pair := _READERS[kind](body)) and pair[0] in values)
    ]
    added = [png_text(key, text) for key, text in values.items()]
    return b"".join([SIGNATURE, kept[0], *added, *kept[1:]])


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(SIGNATURE)
    while place + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        body = data[place + 8 : place + 8 + size]
        if len(body) < size:
            return
        yield kind, body
        place += size + 12


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _plain(body: bytes) -> tuple[str, str] | None:
    keyword, separator, text = body.partition(b"\0")
    return (keyword.decode("latin-1"), _decoded(text)) if separator else None


def _compressed(body: bytes) -> tuple[str, str] | None:
    keyword, separator, rest = body.partition(b"\0")
    return (keyword.decode("latin-1"), _inflated(rest[1:]).decode("latin-1")) if separator else None


def _international(body: bytes) -> tuple[str, str] | None:
    keyword, separator, rest = body.partition(b"\0")
    parts = rest[2:].split(b"\0", 2)
    if not separator or len(rest) < 2 or len(parts) != 3:
        return None
    text = _inflated(parts[2]) if rest[0] else parts[2]
    return keyword.decode("latin-1"), text.decode("utf-8", errors="replace")


def _decoded(text: bytes) -> str:
    """Latin-1 by the standard; some writers put UTF-8 there, which readers in the field expect."""
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _inflated(data: bytes) -> bytes:
    try:
        stream = zlib.decompressobj()
        text = stream.decompress(data, MAX_TEXT)
    except zlib.error as error:
        raise FormatError(f"A compressed text in the PNG is damaged: {error}.") from error
    if stream.unconsumed_tail:
        raise FormatError(f"A compressed text in the PNG is longer than {MAX_TEXT:,} bytes.")
    return text


_READERS = {b"tEXt": _plain, b"zTXt": _compressed, b"iTXt": _international, b"comf": _plain}
