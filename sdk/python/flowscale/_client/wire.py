"""Between our requests and httpx's: building, reading, and the one place where httpx's errors become ours."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import anyio.to_thread
import httpx

from flowscale._core.requests import Body, FileBody, FormBody, Reply, Request
from flowscale._core.settings import API, Settings
from flowscale.exceptions import (
    FlowScaleConfigurationError,
    FlowScaleError,
    FlowScaleNetworkError,
    FlowScaleTimeoutError,
)
from flowscale.files import File, Source

PIECE = 1 << 20  # bytes

ERRORS: dict[type[httpx.HTTPError | httpx.InvalidURL], type[FlowScaleError]] = {
    httpx.TimeoutException: FlowScaleTimeoutError,
    httpx.UnsupportedProtocol: FlowScaleConfigurationError,
    httpx.InvalidURL: FlowScaleConfigurationError,
    httpx.RequestError: FlowScaleNetworkError,
}
"""Looked through in order: the first that fits."""


@contextmanager
def translated(request: Request) -> Iterator[None]:
    """Let no error of httpx out; the cause is kept."""
    try:
        yield
    except (httpx.RequestError, httpx.InvalidURL) as error:
        kind = next(ours for theirs, ours in ERRORS.items() if isinstance(error, theirs))
        path = request.path.partition("?")[0]
        raise kind(
            f"{request.method} {path}: {str(error) or 'no reason given'} ({type(error).__name__})"
        ) from error


def build(
    client: httpx.Client | httpx.AsyncClient, settings: Settings, request: Request, files: ExitStack
) -> httpx.Request:
    """The request for httpx; files are opened on the stack, which closes them."""
    headers = dict(request.headers)
    if settings.api_key and request.with_key:
        headers["X-API-KEY"] = settings.api_key
    timeout = httpx.Timeout(request.read_timeout or settings.timeout, connect=settings.connect_timeout)
    return client.build_request(
        request.method,
        url_of(settings, request.path),
        params=list(request.query) or None,
        headers=headers,
        timeout=timeout,
        **_content(client, request.body, headers, files),
    )


def url_of(settings: Settings, path: str) -> str:
    """A path of the API, a path of the host, or a URL as it is."""
    if "://" in path:
        return path
    return f"{settings.base_url}{path}" if path.startswith("/") else f"{settings.base_url}{API}/{path}"


def reply_of(response: httpx.Response, stream: Any = None) -> Reply:
    content = response.content if stream is None else b""
    return Reply(response.status_code, response.headers, content, stream)


def _content(
    client: httpx.Client | httpx.AsyncClient, body: Body | None, headers: dict[str, str], files: ExitStack
) -> dict[str, Any]:
    if body is None:
        return {}
    if isinstance(body, FileBody):
        headers["Content-Length"] = str(body.size)
        pieces = _pieces(body.source, files)
        return {"content": _awaited(pieces) if isinstance(client, httpx.AsyncClient) else pieces}
    if not isinstance(body, FormBody):
        headers["Content-Type"] = "application/json"
        return {"content": body.content}
    headers["Content-Type"] = f"multipart/form-data; boundary={body.boundary}"
    return {"files": [(name, _part(name, value, files)) for name, value in body.fields]}


def _pieces(source: Source, files: ExitStack) -> Iterator[bytes]:
    if isinstance(source, bytes):
        return iter([source])
    if isinstance(source, Path):
        source = files.enter_context(source.open("rb"))
    source.seek(0)
    return iter(lambda: source.read(PIECE), b"")


async def _awaited(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while piece := await anyio.to_thread.run_sync(next, pieces, b""):
        yield piece


def _part(name: str, value: str | File, files: ExitStack) -> tuple[Any, ...]:
    if isinstance(value, str):
        return None, value.encode()
    filename, content_type = value.named(name)
    source = value.source
    if isinstance(source, Path):
        source = files.enter_context(source.open("rb"))
    return filename, source, content_type
