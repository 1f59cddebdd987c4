"""What a request for a run holds, in every encoding that the wire contract names."""

import json
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

import httpx


@dataclass(frozen=True)
class FakeUpload:
    """A file as it arrived."""

    filename: str
    content: bytes
    content_type: str


def read(request: httpx.Request) -> tuple[dict[str, Any], dict[str, Any]]:
    """Inputs and options of a submission; options are in the query or, in JSON, beside the inputs."""
    options: dict[str, Any] = dict(request.url.params)
    kind = request.headers.get("content-type", "")
    if not request.content:
        return {}, options
    if kind.startswith("application/json"):
        body = json.loads(request.content)
        beside = body.pop("inputs", None)
        return (body, options) if beside is None else (beside, {**options, **body})
    if kind.startswith("multipart/form-data"):
        return _grouped(_parts(kind, request.content)), options
    return _grouped(parse_qsl(request.content.decode(), keep_blank_values=True)), options


def _parts(kind: str, content: bytes) -> list[tuple[str, Any]]:
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    form = BytesParser(policy=HTTP).parsebytes(head + content)
    return [_value(part) for part in form.iter_parts()]


def _value(part: Message) -> tuple[str, Any]:
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    name = str(part.get_param("name", header="content-disposition"))
    filename = part.get_filename()
    if filename is None:
        return name, content.decode()
    return name, FakeUpload(filename, content, part.get_content_type())


def _grouped(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    grouped: dict[str, list[Any]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in grouped.items()}
