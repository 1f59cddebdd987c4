"""Tensors of the Open Inference Protocol: their elements as Python values, as JSON, and as bytes."""

import base64
import binascii
import math
import struct
from collections.abc import Iterable, Sequence
from typing import Any

from flowscale_runtime.engines.networks.values import Tensor
from flowscale_runtime.gateway.errors import InvalidInputs

CODES = {
    "BOOL": "?",
    "UINT8": "B",
    "UINT16": "H",
    "UINT32": "I",
    "UINT64": "Q",
    "INT8": "b",
    "INT16": "h",
    "INT32": "i",
    "INT64": "q",
    "FP16": "e",
    "FP32": "f",
    "FP64": "d",
}
FLOATS = frozenset({"FP16", "FP32", "FP64"})
BASE64 = "base64"


def of_values(name: str, kind: str, shape: Sequence[int], values: Sequence[Any]) -> Tensor:
    """A tensor of these elements. Raises InvalidInputs where they are of another type or number."""
    if kind == "BYTES":
        raw = b"".join(struct.pack("<I", len(data)) + data for data in map(_encoded, values))
    else:
        try:
            raw = struct.pack(f"<{len(values)}{_code(name, kind)}", *values)
        except (struct.error, OverflowError) as error:
            raise refused(name, "invalid_type", f"holds elements that aren't of type {kind}") from error
    return checked(Tensor(name, kind, tuple(shape), raw), len(values))


def values(tensor: Tensor) -> list[Any]:
    """The elements, in the order of rows. Raises InvalidInputs where bytes and shape don't agree."""
    if tensor.type == "BYTES":
        found: list[Any] = list(_split(tensor))
        checked(tensor, len(found))
        return found
    code = _code(tensor.name, tensor.type)
    checked(tensor, len(tensor.raw) // struct.calcsize(code))
    return list(struct.unpack(f"<{math.prod(tensor.shape)}{code}", tensor.raw))


def checked(tensor: Tensor, count: int) -> Tensor:
    """The tensor, where its shape has room for `count` elements and its bytes hold as many."""
    wanted = math.prod(tensor.shape)
    size = 0 if tensor.type in ("BYTES", "BF16") else struct.calcsize(_code(tensor.name, tensor.type))
    if (
        any(side < 0 for side in tensor.shape)
        or wanted != count
        or (size and len(tensor.raw) != wanted * size)
    ):
        raise refused(
            tensor.name, "invalid_shape", f"has the shape {list(tensor.shape)}, but other data than that"
        )
    return tensor


def size(tensor: Tensor) -> int:
    """Bytes of one element of a type that isn't BYTES. Raises InvalidInputs."""
    return struct.calcsize(_code(tensor.name, tensor.type))


def flat(data: Any) -> list[Any]:
    """The elements of JSON data, which may be nested as deep as the shape."""
    if not isinstance(data, list):
        return [data]
    if data and isinstance(data[0], list):
        return [element for part in data for element in flat(part)]
    return data


def from_json(item: Any) -> Tensor:
    """A tensor whose elements stand in JSON: texts, or base64 where its parameter `encoding` says so."""
    data = flat(item.get("data"))
    if item["datatype"] == "BYTES" and (item.get("parameters") or {}).get("encoding") == BASE64:
        data = [_decoded(item["name"], one) for one in data]
    return of_values(item["name"], item["datatype"], item["shape"], data)


def to_json(tensor: Tensor) -> dict[str, Any]:
    """A tensor with its elements in JSON; BYTES that aren't text become base64, and its parameters say so."""
    found = values(tensor)
    if tensor.type != "BYTES":
        return head(tensor) | {"data": found}
    try:
        return head(tensor) | {"data": [one.decode() for one in found]}
    except UnicodeDecodeError:
        data = [base64.b64encode(one).decode() for one in found]
        return head(tensor) | {"parameters": {"encoding": BASE64}, "data": data}


def head(tensor: Tensor) -> dict[str, Any]:
    """A tensor without its elements."""
    return {"name": tensor.name, "datatype": tensor.type, "shape": list(tensor.shape)}


def shortest(value: float) -> float:
    """The shortest decimal that is the same in 32 bits: what a caller meant who sent 0.1 as FP32."""
    if not math.isfinite(value):
        return value
    same = struct.pack("<f", value)
    tries = (float(f"{value:.{digits}g}") for digits in range(6, 10))
    return next((one for one in tries if struct.pack("<f", one) == same), value)


def refused(name: str, reason: str, why: str) -> InvalidInputs:
    """The error for a tensor that can't be used."""
    return InvalidInputs(f"{name!r} {why}.", field=name, reason=reason)


def _code(name: str, kind: str) -> str:
    if kind not in CODES:
        raise refused(
            name, "invalid_type", f"has the datatype {kind!r}, which isn't read: {', '.join(CODES)}, BYTES"
        )
    return CODES[kind]


def _encoded(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _decoded(name: str, value: Any) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError, TypeError) as error:
        raise refused(name, "invalid_type", f"holds base64 that can't be read: {error}") from error


def _split(tensor: Tensor) -> Iterable[bytes]:
    place, raw = 0, tensor.raw
    while place < len(raw):
        end = place + 4 + int.from_bytes(raw[place : place + 4], "little")
        if end > len(raw):
            raise refused(tensor.name, "invalid_type", "ends within an element")
        yield raw[place + 4 : end]
        place = end
