"""Tags of MP4, MOV and M4V (ISO boxes) and of Matroska and WebM (EBML elements)."""

import struct
from collections.abc import Iterator

_PARENT_BOXES = {b"moov", b"udta", b"meta", b"trak"}
_SEGMENT, _TAGS, _TAG, _SIMPLE_TAG = 0x18538067, 0x1254C367, 0x7373, 0x67C8
_TAG_NAME, _TAG_STRING = 0x45A3, 0x4487
_UNKNOWN_SIZE = -1
_MAX_NESTING = 8


def box_texts(data: bytes) -> dict[str, str]:
    """The named metadata of an ISO file: `keys` names what `ilst` holds."""
    found: dict[str, str] = {}
    for keys, items in _metadata_boxes(data, 0, len(data), 0):
        names = list(_key_names(data, *keys))
        for number, text in _item_texts(data, *items):
            if 0 < number <= len(names):
                found[names[number - 1]] = text
    return found


def element_texts(data: bytes) -> dict[str, str]:
    """The SimpleTags of a Matroska file, by name in lower case."""
    found: dict[str, str] = {}
    for kind, start, end in _elements(data, 0, len(data)):
        if kind == _SEGMENT:
            for tags, tags_start, tags_end in _elements(data, start, end):
                if tags == _TAGS:
                    found |= _tags(data, tags_start, tags_end)
    return found


Span = tuple[int, int]


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1 and start + 16 <= end:
            size, head = struct.unpack_from(">Q", data, start + 8)[0], 16
        stop = end if size == 0 else start + size
        if stop < start + head or stop > end:
            return
        yield kind, start + head, stop
        start = stop


def _metadata_boxes(data: bytes, start: int, end: int, depth: int) -> Iterator[tuple[Span, Span]]:
    keys: Span | None = None
    for kind, inner, stop in _boxes(data, start, end):
        if kind == b"keys":
            keys = inner, stop
        elif kind == b"ilst" and keys:
            yield keys, (inner, stop)
        elif kind in _PARENT_BOXES and depth < _MAX_NESTING:
            # In ISO files `meta` starts with four bytes of version and flags, in QuickTime files it doesn't.
            skip = 4 if kind == b"meta" and data[inner + 4 : inner + 8] != b"hdlr" else 0
            yield from _metadata_boxes(data, inner + skip, stop, depth + 1)


def _key_names(data: bytes, start: int, end: int) -> Iterator[str]:
    for _namespace, inner, stop in _boxes(data, start + 8, end):
        yield data[inner:stop].decode("utf-8", errors="replace")


def _item_texts(data: bytes, start: int, end: int) -> Iterator[tuple[int, str]]:
    for kind, inner, stop in _boxes(data, start, end):
        for part, part_start, part_end in _boxes(data, inner, stop):
            if part == b"data":
                text = data[part_start + 8 : part_end].decode("utf-8", errors="replace")
                yield int.from_bytes(kind, "big"), text


def _elements(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    while start < end:
        kind, place = _vint(data, start, keep_marker=True)
        size, place = _vint(data, place, keep_marker=False)
        if place <= start or kind == _UNKNOWN_SIZE:
            return
        stop = end if size == _UNKNOWN_SIZE else place + size
        if stop > end:
            return
        yield kind, place, stop
        start = stop


def _vint(data: bytes, start: int, *, keep_marker: bool) -> tuple[int, int]:
    """A variable-length number and where it ends; where it starts when there is none."""
    if start >= len(data) or data[start] == 0:
        return _UNKNOWN_SIZE, start
    width = 9 - data[start].bit_length()
    value = int.from_bytes(data[start : start + width], "big")
    if keep_marker:
        return value, start + width
    value &= (1 << (7 * width)) - 1
    return (_UNKNOWN_SIZE if value == (1 << (7 * width)) - 1 else value), start + width


def _tags(data: bytes, start: int, end: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for kind, tag_start, tag_end in _elements(data, start, end):
        if kind != _TAG:
            continue
        for inner, simple_start, simple_end in _elements(data, tag_start, tag_end):
            if inner == _SIMPLE_TAG:
                parts = {part: data[a:b] for part, a, b in _elements(data, simple_start, simple_end)}
                name = parts.get(_TAG_NAME, b"").decode("utf-8", errors="replace").lower()
                found[name] = parts.get(_TAG_STRING, b"").decode("utf-8", errors="replace")
    return found
