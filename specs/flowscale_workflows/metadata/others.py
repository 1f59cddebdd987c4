"""SVG, GLB, safetensors and OpenEXR: containers that hold texts in a plain place."""

import re
import struct
from collections.abc import Mapping

from flowscale_workflows.errors import FormatError
from flowscale_workflows.jsontext import loads

_CDATA = re.compile(rb"<metadata[^>]*>\s*<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_GLB_JSON = 0x4E4F534A
_MAX_HEADER = 64 * 1024 * 1024


def svg_texts(data: bytes) -> Mapping[str, object]:
    found = _CDATA.search(data)
    return _entries(loads(found[1])) if found else {}


def glb_texts(data: bytes) -> Mapping[str, object]:
    """`asset.extras`, else `extras`, of the JSON chunk."""
    if len(data) < 20 or struct.unpack_from("<I", data, 16)[0] != _GLB_JSON:
        raise FormatError("The GLB file has no JSON chunk.")
    scene = loads(data[20 : 20 + struct.unpack_from("<I", data, 12)[0]])
    asset = _entries(scene).get("asset")
    return _entries(_entries(asset).get("extras")) or _entries(_entries(scene).get("extras"))


def is_safetensors(data: bytes) -> bool:
    if len(data) < 10 or data[8:9] != b"{":
        return False
    size: int = struct.unpack_from("<Q", data)[0]
    return 2 <= size <= min(_MAX_HEADER, len(data) - 8)


def safetensors_texts(data: bytes) -> Mapping[str, object]:
    header = loads(data[8 : 8 + struct.unpack_from("<Q", data)[0]])
    return _entries(_entries(header).get("__metadata__"))


def exr_texts(data: bytes) -> Mapping[str, object]:
    """The attributes of type `string` in the header."""
    found: dict[str, object] = {}
    place = 8
    while data[place : place + 1] not in {b"", b"\0"}:
        name_end = data.find(b"\0", place)
        kind_end = data.find(b"\0", name_end + 1)
        if name_end < 0 or kind_end < 0 or kind_end + 5 > len(data):
            break
        size = struct.unpack_from("<I", data, kind_end + 1)[0]
        if data[name_end + 1 : kind_end] == b"string":
            text = data[kind_end + 5 : kind_end + 5 + size].decode("utf-8", errors="replace")
            found[data[place:name_end].decode("latin-1")] = text
        place = kind_end + 5 + size
    return found


def _entries(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
