"""The protocol over HTTP: `/v2`."""

import zlib
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from flowscale_runtime.gateway import signing
from flowscale_runtime.gateway.errors import ApiError, BodyTooLarge, MalformedBody, NotReady, UnsupportedBody
from flowscale_runtime.gateway.inference import messages, service
from flowscale_runtime.gateway.replies import failure
from flowscale_runtime.gateway.state import state_of
from flowscale_runtime.gateway.wire import read_body

router = APIRouter(prefix="/v2")
_WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
Handler = Callable[..., Awaitable[Any]]


def answered(handler: Handler) -> Handler:
    """What a handler gives as JSON; what it refuses in the protocol's own shape, with our code and details."""

    @wraps(handler)
    async def handle(request: Request, **parts: str) -> Response:
        try:
            found = await handler(request, **parts)
        except ApiError as error:
            reply = failure(error)
            body = {"error": error.message, "code": error.code, "details": error.details}
            headers = {name: value for name, value in reply.headers.items() if name != "content-length"}
            return Response(orjson.dumps(body, default=str), error.status, headers)
        return (
            found
            if isinstance(found, Response)
            else Response(orjson.dumps(found), media_type="application/json")
        )

    return handle


@router.get("/health/live")
@answered
async def live(request: Request) -> Any:
    """The process answers."""
    return {"live": True}


@router.get("/health/ready")
@answered
async def ready(request: Request) -> Any:
    """The specs are loaded and requests are taken."""
    if not state_of(request).served.ready:
        raise NotReady("The specs are being loaded.", retry_after=1)
    return {"ready": True}


@router.get("")
@answered
async def server(request: Request) -> Any:
    """What serves, and which extensions of the protocol it has."""
    return service.server()


@router.post("/repository/index")
@answered
async def index(request: Request) -> Any:
    """Every model that the caller may use."""
    return await service.index(state_of(request), request)


@router.get("/models/{name}")
@router.get("/models/{name}/versions/{version}")
@answered
async def model(request: Request, name: str, version: str = "") -> Any:
    """A model's versions and tensors."""
    return await service.metadata(state_of(request), request, name, version)


@router.get("/models/{name}/ready")
@router.get("/models/{name}/versions/{version}/ready")
@answered
async def model_ready(request: Request, name: str, version: str = "") -> Any:
    """Whether a model takes requests."""
    await service.ready(state_of(request), request, name, version)
    return {"name": name, "ready": True}


@router.post("/models/{name}/infer")
@router.post("/models/{name}/versions/{version}/infer")
@answered
async def infer(request: Request, name: str, version: str = "") -> Any:
    """Has a model compute."""
    state, request = state_of(request), signing.listened(request)
    most = service.limit(state, name)
    body = unpacked(await read_body(request, most), request.headers.get("content-encoding", ""), most)
    question = messages.read(body, request.headers.get(messages.LENGTH))
    answer = await service.infer(state, request, name, version, question)
    content, headers = messages.write(answer, question)
    return Response(content, headers=headers)


def unpacked(body: bytes, encoding: str, most: int) -> bytes:
    """A body as it was before it was compressed, of at most `most` bytes. Raises BadRequest."""
    if encoding in {"", "identity"}:
        return body
    if encoding not in _WINDOWS:
        raise UnsupportedBody(f"A body encoded as {encoding!r} can't be read.", accepted=sorted(_WINDOWS))
    reader = zlib.decompressobj(_WINDOWS[encoding])
    try:
        data = reader.decompress(body, most + 1)
    except zlib.error as error:
        raise MalformedBody(f"The body is no {encoding}: {error}") from error
    if len(data) > most:
        raise BodyTooLarge(f"The body is larger than the {most} bytes that are allowed.", limit=most)
    return data
