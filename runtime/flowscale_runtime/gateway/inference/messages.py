"""Requests and answers of the protocol, whichever way they travel, and their form over HTTP.

Over HTTP they are JSON; with the extension `binary_tensor_data` the elements of tensors follow the JSON as bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from flowscale_runtime.engines.networks.values import Tensor
from flowscale_runtime.gateway.errors import MalformedBody
from flowscale_runtime.gateway.inference import tensors

LENGTH = "Inference-Header-Content-Length"
BINARY = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Wanted:
    """An output that a caller asks for; `binary` is None where the request as a whole decides."""

    name: str
    binary: bool | None = None
    pixels: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A request to infer. Without `outputs` all are wanted; `binary` is what holds for outputs that don't say."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Wanted, ...] = ()
    id: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    binary: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came out of a model of this name and version."""

    model: str
    version: str
    outputs: tuple[Tensor, ...]
    id: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


def wanted(name: str, parameters: Mapping[str, Any]) -> Wanted:
    """An output that is asked for; `datatype: UINT8` asks for the pixels of pictures."""
    return Wanted(name, parameters.get("binary_data"), parameters.get("datatype") == "UINT8")


def read(body: bytes, length: str | None) -> Question:
    """A request from its body; `length` is that of the JSON, where bytes follow it. Raises BadRequest."""
    size = len(body) if length is None else _length(length, body)
    try:
        given = orjson.loads(body[:size])
        parameters = given.get("parameters") or {}
        outputs = tuple(
            wanted(one["name"], one.get("parameters") or {}) for one in given.get("outputs") or ()
        )
        inputs = tuple(_inputs(given["inputs"], memoryview(body)[size:]))
        return Question(
            inputs,
            outputs,
            str(given.get("id") or ""),
            parameters,
            bool(parameters.get("binary_data_output")),
        )
    except orjson.JSONDecodeError as error:
        raise MalformedBody(f"The body is not valid JSON: {error}") from error
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise MalformedBody(
            f"The body is no request of the Open Inference Protocol ({error!r}): "
            'send {"inputs": [{"name", "datatype", "shape", "data"}]}.'
        ) from error


def write(answer: Answer, question: Question) -> tuple[bytes, dict[str, str]]:
    """The body of an answer and its headers: binary where the question asks for it."""
    asked = {one.name: one.binary for one in question.outputs}
    items: list[dict[str, Any]] = []
    blobs = []
    for tensor in answer.outputs:
        binary = asked.get(tensor.name)
        if question.binary if binary is None else binary:
            items.append({**tensors.head(tensor), "parameters": {"binary_data_size": len(tensor.raw)}})
            blobs.append(tensor.raw)
        else:
            items.append(tensors.to_json(tensor))
    head: dict[str, Any] = {"model_name": answer.model, "model_version": answer.version, "outputs": items}
    head |= {"id": answer.id} if answer.id else {}
    head |= {"parameters": dict(answer.parameters)} if answer.parameters else {}
    text = orjson.dumps(head)
    if not blobs:
        return text, {"Content-Type": "application/json"}
    return b"".join([text, *blobs]), {"Content-Type": BINARY, LENGTH: str(len(text))}


def _inputs(given: Sequence[Mapping[str, Any]], blob: memoryview) -> list[Tensor]:
    found, place = [], 0
    for item in given:
        size = (item.get("parameters") or {}).get("binary_data_size")
        if size is None:
            found.append(tensors.from_json(item))
            continue
        raw = bytes(blob[place : place + int(size)])
        if int(size) < 0 or len(raw) != int(size):
            raise MalformedBody(f"{item['name']!r} is said to have {size} bytes, but the body ends before.")
        place += int(size)
        shape = tuple(int(side) for side in item["shape"])
        found.append(Tensor(str(item["name"]), str(item["datatype"]), shape, raw))
    return found


def _length(text: str, body: bytes) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > len(body):
        raise MalformedBody(f"{LENGTH} must be the length of the JSON within the body, not {text!r}.")
    return int(text)
