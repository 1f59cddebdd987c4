"""A lean HTTP client that keeps its connections: its own CPU must not be what is measured."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httptools
import uvloop
from measuring import median, percentile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes


@dataclass(frozen=True)
class Load:
    """What a number of requests took: all of them together, and each."""

    seconds: float
    latencies: list[float] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    def __add__(self, other: Load) -> Load:
        return Load(
            self.seconds + other.seconds, self.latencies + other.latencies, self.answers + other.answers
        )

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.latencies) / self.seconds

    @property
    def median(self) -> float:
        return median(self.latencies)

    @property
    def p99(self) -> float:
        return percentile(self.latencies, 99)

    @property
    def best(self) -> float:
        return min(self.latencies)


class Connection(asyncio.Protocol):
    """One connection, one request after another."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._renew()

    def _renew(self) -> None:
        self._parser, self._body = httptools.HttpResponseParser(self), bytearray()

    async def send(self, request: bytes) -> Answer:
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(error or ConnectionResetError("the server closed the connection"))

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        answer = Answer(self._parser.get_status_code(), bytes(self._body))
        self._renew()
        if not 100 <= answer.status < 200:
            self._answer.set_result(answer)


def request(
    url: str, body: bytes = b"", *, headers: Mapping[str, str] | None = None, method: str = "POST"
) -> bytes:
    """The bytes of a request."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = {"Host": parts.netloc, "Content-Length": str(len(body)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode() + body


def send(url: str, requests: Iterable[bytes], connections: int = 1) -> Load:
    """Sends all requests, over so many connections at once. A refusal ends the benchmark."""
    return uvloop.run(_send(url, iter(requests), connections))


async def _send(url: str, requests: Iterator[bytes], connections: int) -> Load:
    parts, loop = urlsplit(url), asyncio.get_running_loop()
    made = [await loop.create_connection(Connection, parts.hostname, parts.port) for _ in range(connections)]
    load, started = Load(0.0), time.perf_counter()
    await asyncio.gather(*(_work(protocol, requests, load) for _, protocol in made))
    seconds = time.perf_counter() - started
    for _, protocol in made:
        protocol.close()
    return Load(seconds, load.latencies, load.answers)


async def _work(connection: Connection, requests: Iterator[bytes], load: Load) -> None:
    for one in requests:
        started = time.perf_counter()
        answer = await connection.send(one)
        load.latencies.append(time.perf_counter() - started)
        load.answers.append(answer)
        if answer.status >= 300:
            raise SystemExit(f"a request was refused: {answer.status} {answer.body[:500].decode()}")
