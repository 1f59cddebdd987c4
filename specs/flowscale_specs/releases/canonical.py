"""JSON values as the same bytes on every machine.

As RFC 8785 says: keys sorted by their UTF-16 code units, no spaces, UTF-8, the shortest digits that give the same
number. One difference: whole numbers are written with all their digits, however large, because seeds are.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flowscale_specs.errors import CanonicalError

_DEEPEST = 200
_PLAIN_BELOW = 21
_PLAIN_FROM = -6


def canonical(value: Any) -> bytes:
    """The canonical bytes of a JSON value. Raises CanonicalError for what JSON can't say."""
    pieces: list[str] = []
    _write(value, pieces, 0)
    try:
        return "".join(pieces).encode()
    except UnicodeEncodeError:
        raise CanonicalError("a text with half a surrogate pair has no canonical bytes") from None


def _write(value: Any, pieces: list[str], depth: int) -> None:
    if depth > _DEEPEST:
        raise CanonicalError(f"nested more than {_DEEPEST} levels deep")
    if isinstance(value, str):
        pieces.append(json.dumps(str(value), ensure_ascii=False))
    elif isinstance(value, Mapping):
        _write_mapping(value, pieces, depth)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            pieces.append("," if index else "[")
            _write(item, pieces, depth + 1)
        pieces.append("]" if value else "[]")
    else:
        pieces.append(_atom(value))


def _write_mapping(value: Mapping[Any, Any], pieces: list[str], depth: int) -> None:
    if not all(isinstance(key, str) for key in value):
        raise CanonicalError("keys must be text")
    for index, key in enumerate(sorted(value, key=_utf16)):
        pieces.append(f"{',' if index else '{'}{json.dumps(str(key), ensure_ascii=False)}:")
        _write(value[key], pieces, depth + 1)
    pieces.append("}" if value else "{}")


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def _atom(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return _number(float(value))
    raise CanonicalError(f"{type(value).__name__} is not a JSON value")


def _number(value: float) -> str:
    """A floating-point number as ECMAScript prints it."""
    if not math.isfinite(value):
        raise CanonicalError("infinity and not-a-number have no canonical bytes")
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    text = "".join(map(str, digits))
    point = len(text) + int(exponent)
    return ("-" if sign else "") + _placed(text, point)


def _placed(digits: str, point: int) -> str:
    """Digits with the point after so many of them."""
    if len(digits) <= point <= _PLAIN_BELOW:
        return digits.ljust(point, "0")
    if 0 < point <= _PLAIN_BELOW:
        return f"{digits[:point]}.{digits[point:]}"
    if _PLAIN_FROM < point <= 0:
        return f"0.{'0' * -point}{digits}"
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{point - 1:+d}"
