"""What arrives at POST /runs, in every encoding that clients send, as inputs and options."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from flowscale_runtime.gateway.errors import (
    BadRequest,
    BodyTooLarge,
    MalformedBody,
    UnknownOption,
    UnsupportedBody,
)

OPTIONS = frozenset({"workflow_id", "group_id", "wait", "webhook", "tags", "priority", "ttl"})
MOST_FIELDS, MOST_FILES, LONGEST_FIELD = 1000, 100, 8 << 20
LONGEST_WAIT = 300.0
_EPILOGUE = 1024  # bytes at the end of a form where its last boundary is looked for
_WEB_URL = re.compile(r"https?://[^\s/?#@]+([/?#]\S*)?\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Options:
    """What a caller says about a run besides its inputs. Times are seconds."""

    workflow_id: str | None = None
    group_id: str | None = None
    wait: float = 0.0
    webhook: str | None = None
    tags: Any = None
    priority: int = 0
    ttl: float | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """A request for a run as it came. Values are texts, JSON values, uploads, or lists of these."""

    options: Options
    inputs: dict[str, Any]
    files: tuple[UploadFile, ...] = field(default=())


async def read_submission(request: Request, limit: int) -> Submission:
    """Reads a request for a run of at most `limit` bytes. Raises a BadRequest."""
    options: dict[str, Any] = {name: value for name, value in request.query_params.items() if name in OPTIONS}
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "multipart/form-data":
        inputs, files = await read_multipart(request, limit)
    else:
        body, files = await read_body(request, limit), ()
        inputs, more = _decode(media_type, body)
        options |= more
    if "wait" not in options and (preferred := _preferred_wait(request.headers.get("prefer", ""))):
        options["wait"] = preferred
    return Submission(read_options(options), inputs, files)


async def read_body(request: Request, limit: int) -> bytes:
    """The body, unless it is larger than `limit` bytes: then nothing more of it is read."""
    _check_length(request, limit)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise _too_large(limit)
    except ClientDisconnect as error:
        raise MalformedBody("The request ended before its body.") from error
    return bytes(body)


async def read_multipart(request: Request, limit: int) -> tuple[dict[str, Any], tuple[UploadFile, ...]]:
    """Fields and files of a form; files are spooled to disk, not held in memory."""
    _check_length(request, limit)
    counted = Counted(request, limit)
    bounded = Request(request.scope, counted)
    try:
        form = await bounded.form(max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=LONGEST_FIELD)
    except MultiPartException as error:
        raise MalformedBody(f"The form can't be read: {error.message}") from error
    except BadRequest:
        raise
    except ClientDisconnect as error:
        raise MalformedBody("The request ended before its body.") from error
    except Exception as error:
        if detail := getattr(
            error, "detail", None
        ):  # starlette turns parser errors into HTTPException in an app
            raise MalformedBody(f"The form can't be read: {detail}") from error
        raise
    if not counted.complete:
        await form.close()
        raise MalformedBody("The form ends before its last boundary.")
    inputs = _grouped(form.multi_items())
    return inputs, tuple(value for _, value in form.multi_items() if isinstance(value, UploadFile))


def read_options(given: Mapping[str, Any]) -> Options:
    """Options from texts or JSON values. Raises UnknownOption."""
    priority = _number(given, "priority", -100, 100)
    return Options(
        workflow_id=_text(given, "workflow_id"),
        group_id=_text(given, "group_id"),
        wait=_number(given, "wait", 0, LONGEST_WAIT) or 0.0,
        webhook=_url(given, "webhook"),
        tags=_tags(given.get("tags")),
        priority=int(priority or 0),
        ttl=_number(given, "ttl", 0.001, 30 * 86400),
    )


def _decode(media_type: str, body: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    if not body:
        return {}, {}
    if media_type == "application/json" or media_type.endswith("+json"):
        return _json(body)
    if media_type in {"application/x-www-form-urlencoded", ""}:
        return _form(body), {}
    raise UnsupportedBody(
        f"A body of type {media_type!r} can't be read: send JSON, a form, or multipart/form-data.",
        accepted=["application/json", "application/x-www-form-urlencoded", "multipart/form-data"],
    )


def _json(body: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedBody(f"The body is not valid JSON: {error}") from error
    if not isinstance(given, dict):
        raise MalformedBody(
            'The JSON body must be an object: the inputs, or {"inputs": {…}} with options beside it.'
        )
    nested = given.get("inputs")
    if isinstance(nested, dict) and given.keys() - {"inputs"} <= OPTIONS:
        return nested, {name: value for name, value in given.items() if name != "inputs"}
    return given, {}


def _form(body: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(
            body.decode(),
            keep_blank_values=True,
            strict_parsing=True,
            max_num_fields=MOST_FIELDS,
            errors="strict",
        )
    except ValueError as error:
        raise MalformedBody(f"The body is not a valid form: {error}") from error
    return _grouped(pairs)


def _grouped(pairs: Any) -> dict[str, Any]:
    """Values by name; a name that comes twice holds a list."""
    grouped: dict[str, Any] = {}
    for name, value in pairs:
        if name not in grouped:
            grouped[name] = value
        elif isinstance(grouped[name], list):
            grouped[name].append(value)
        else:
            grouped[name] = [grouped[name], value]
    return grouped


def _check_length(request: Request, limit: int) -> None:
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > limit:
        raise _too_large(limit)


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"The body is larger than the {limit} bytes that are allowed.", limit=limit)


class Counted:
    """A form's messages as they come: no more than `limit` bytes, and whether the last boundary was among them."""

    def __init__(self, request: Request, limit: int) -> None:
        self._receive, self._limit = request.receive, limit
        boundary = (
            request.headers["content-type"].partition("boundary=")[2].partition(";")[0].strip().strip('"')
        )
        self._end = f"--{boundary}--".encode("latin-1")
        self._received, self._tail = 0, b""

    async def __call__(self) -> Message:
        message = await self._receive()
        body = message.get("body", b"")
        self._received += len(body)
        if self._received > self._limit:
            raise _too_large(self._limit)
        self._tail = (self._tail + body[-_EPILOGUE:])[-_EPILOGUE:]
        return message

    @property
    def complete(self) -> bool:
        """An empty body is a form without fields."""
        return not self._received or self._end in self._tail


def _preferred_wait(prefer: str) -> str | None:
    for part in prefer.split(","):
        name, _, value = part.partition("=")
        if name.strip().lower() == "wait":
            return value.strip()
    return None


def _text(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > 2000:
        raise UnknownOption(f"{name} must be a text of at most 2000 characters.", field=name)
    return value


def _url(given: Mapping[str, Any], name: str) -> str | None:
    value = _text(given, name)
    if value is not None and not _WEB_URL.match(value):
        raise UnknownOption(f"{name} must be an http or https URL.", field=name)
    return value


def _number(given: Mapping[str, Any], name: str, least: float, most: float) -> float | None:
    value = given.get(name)
    if value is None or value == "":
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not least <= number <= most:
        raise UnknownOption(
            f"{name} must be a number from {least} to {most}.", field=name, minimum=least, maximum=most
        )
    return number


def _tags(value: Any) -> Any:
    if isinstance(value, str):
        return [tag.strip() for tag in value.split(",") if tag.strip()]
    if (
        value is None
        or isinstance(value, dict)
        or (isinstance(value, list) and all(isinstance(tag, str) for tag in value))
    ):
        return value
    raise UnknownOption("tags must be a list of texts or a map.", field="tags")


async def chunks(upload: UploadFile, size: int = 1 << 20) -> AsyncIterator[bytes]:
    """The bytes of an upload, piece by piece."""
    while chunk := await upload.read(size):
        yield chunk
        await asyncio.sleep(0)
