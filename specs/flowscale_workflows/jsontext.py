"""JSON as workflow files hold it: with a byte order mark, or with the NaN that Python writes."""

import json
from typing import Any

import orjson

from flowscale_workflows.errors import FormatError
from flowscale_workflows.graphs import check_depth

MAX_BYTES = 64 * 1024 * 1024


def loads(text: bytes | str) -> Any:
    """The value; NaN and infinities become null. Raises FormatError, also when too large or too deep."""
    if len(text) > MAX_BYTES:
        raise FormatError(f"The JSON has {len(text):,} bytes; at most {MAX_BYTES:,} are read.")
    decoded = _decoded(text) if isinstance(text, bytes) else text
    try:
        value = orjson.loads(decoded)
    except orjson.JSONDecodeError as error:
        value = _lenient(decoded, error)
    check_depth(value)
    return value


def parsed_or_text(text: str) -> Any:
    """The JSON value of a text that starts like an object or a list; any other text as it is."""
    return loads(text) if text.lstrip()[:1] in {"{", "["} else text


def _decoded(data: bytes) -> bytes | str:
    if data.startswith(b"\xef\xbb\xbf"):
        return data[3:]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    return data


def _lenient(decoded: bytes | str, error: orjson.JSONDecodeError) -> Any:
    """Python's own parser takes NaN, which some nodes leave in what they save."""
    token = b"NaN" if isinstance(decoded, bytes) else "NaN"
    infinity = b"Infinity" if isinstance(decoded, bytes) else "Infinity"
    if token not in decoded and infinity not in decoded:  # type: ignore[operator]
        raise FormatError(f"This is not JSON: {error}.") from error
    try:
        return json.loads(decoded, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as second:
        raise FormatError(f"This is not JSON: {second}.") from second
