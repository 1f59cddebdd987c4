"""Tags of FLAC, of Ogg (Opus, Vorbis) and of MP3 (ID3v2)."""

import struct
from collections.abc import Iterator

_COMMENT_BLOCK = 4
_OGG_MARKS = (b"OpusTags", b"\x03vorbis")
_ENCODINGS = ("latin-1", "utf-16", "utf-16-be", "utf-8")


def flac_texts(data: bytes) -> dict[str, str]:
    place = 4
    while place + 4 <= len(data):
        kind, size = data[place] & 0x7F, int.from_bytes(data[place + 1 : place + 4], "big")
        if kind == _COMMENT_BLOCK:
            return dict(_comments(data[place + 4 : place + 4 + size]))
        if data[place] & 0x80:
            return {}
        place += 4 + size
    return {}


def ogg_texts(data: bytes) -> dict[str, str]:
    """The comments, which are the second packet of the stream."""
    for packet in _packets(data, 2):
        for mark in _OGG_MARKS:
            if packet.startswith(mark):
                return dict(_comments(packet[len(mark) :]))
    return {}


def id3_texts(data: bytes) -> dict[str, str]:
    """The user-defined texts (TXXX frames), by their description in lower case."""
    version, flags = data[3], data[5]
    end = min(10 + _synchsafe(data[6:10]), len(data))
    place = 10 + (_extended(data, version) if flags & 0x40 else 0)
    found: dict[str, str] = {}
    while version in {3, 4} and place + 10 <= end:
        name, raw = data[place : place + 4], data[place + 4 : place + 8]
        size = _synchsafe(raw) if version == 4 else int.from_bytes(raw, "big")
        if size == 0 or not name.strip(b"\0"):
            break
        if name == b"TXXX":
            found |= _user_text(data[place + 10 : min(place + 10 + size, end)])
        place += 10 + size
    return found


def _comments(block: bytes) -> Iterator[tuple[str, str]]:
    if len(block) < 8:
        return
    place = 4 + struct.unpack_from("<I", block)[0]
    if place + 4 > len(block):
        return
    count = struct.unpack_from("<I", block, place)[0]
    place += 4
    for _ in range(count):
        if place + 4 > len(block):
            return
        size = struct.unpack_from("<I", block, place)[0]
        key, separator, text = block[place + 4 : place + 4 + size].partition(b"=")
        if separator:
            yield key.decode("utf-8", errors="replace").lower(), text.decode("utf-8", errors="replace")
        place += 4 + size


def _packets(data: bytes, count: int) -> Iterator[bytes]:
    parts: list[bytes] = []
    place = 0
    while count and data[place : place + 4] == b"OggS" and place + 27 <= len(data):
        sizes = data[place + 27 : place + 27 + data[place + 26]]
        place += 27 + len(sizes)
        for size in sizes:
            parts.append(data[place : place + size])
            place += size
            if size < 255 and count:
                yield b"".join(parts)
                parts, count = [], count - 1


def _user_text(frame: bytes) -> dict[str, str]:
    if not frame or frame[0] >= len(_ENCODINGS):
        return {}
    text = frame[1:].decode(_ENCODINGS[frame[0]], errors="replace")
    key, separator, value = text.partition("\0")
    return {key.lower(): value.strip("\0\ufeff")} if separator else {}


def _extended(data: bytes, version: int) -> int:
    return _synchsafe(data[10:14]) if version == 4 else 4 + int.from_bytes(data[10:14], "big")


def _synchsafe(raw: bytes) -> int:
    value = 0
    for byte in raw:
        value = value << 7 | byte & 0x7F
    return value
