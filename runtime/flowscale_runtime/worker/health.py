"""What a cluster asks a worker over HTTP: whether it lives, and whether it is ready to take runs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

PATIENCE = 5.0  # seconds in which a question must be complete


@asynccontextmanager
async def answering(address: str, ready: Callable[[], bool]) -> AsyncIterator[None]:
    """Answers GET /healthz, and GET /readyz by `ready`, at HOST:PORT for as long as the block lasts.

    The event loop that answers is the one that works: where it hangs, so does the answer. Without an address nothing
    listens. Raises OSError where the address can't be had.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
            writer.write(reply(status(head, ready)))
            await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            return
        finally:
            writer.close()

    if not address:
        yield
        return
    host, _, port = address.rpartition(":")
    async with await asyncio.start_server(answer, host.strip("[]"), int(port)):
        yield


def status(head: bytes, ready: Callable[[], bool]) -> HTTPStatus:
    """The status that a request's first line deserves."""
    match head.split(b"\r\n", 1)[0].split():
        case [b"GET" | b"HEAD", b"/healthz", _]:
            return HTTPStatus.OK
        case [b"GET" | b"HEAD", b"/readyz", _]:
            return HTTPStatus.OK if ready() else HTTPStatus.SERVICE_UNAVAILABLE
        case _:
            return HTTPStatus.NOT_FOUND


def reply(answer: HTTPStatus) -> bytes:
    body = f"{answer.phrase}\n".encode()
    head = f"HTTP/1.1 {answer.value} {answer.phrase}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + body
