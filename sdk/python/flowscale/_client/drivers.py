"""Who performs programs: one driver blocks, the other awaits; neither decides anything."""

import inspect
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import anyio.to_thread
import httpx
from httpx_sse import EventSource, ServerSentEvent

from flowscale._client.wire import build, reply_of, translated
from flowscale._core.core import Core
from flowscale._core.effects import Block, Effect, Hear, Listen, Notify, Pause, Program, Send
from flowscale._core.requests import Event, Reply, Request

T = TypeVar("T")
EVENTS = "text/event-stream"


class Heard:
    """A stream's text, for httpx-sse, that ends at the deadline even while keep-alive comments arrive."""

    def __init__(self, response: httpx.Response, core: Core, deadline: float | None) -> None:
        self.headers = response.headers
        self._response, self._core, self._deadline = response, core, deadline

    def iter_text(self) -> Iterator[str]:
        for text in self._response.iter_text():
            yield text
            if self._core.remaining(self._deadline) <= 0:
                return

    async def aiter_text(self) -> AsyncIterator[str]:
        async for text in self._response.aiter_text():
            yield text
            if self._core.remaining(self._deadline) <= 0:
                return


def _source(response: httpx.Response, core: Core, deadline: float | None) -> EventSource:
    return EventSource(Heard(response, core, deadline))  # type: ignore[arg-type]


def _event(sent: ServerSentEvent | None) -> Event | None:
    return None if sent is None else Event(sent.event, sent.data, sent.id)


def _is_stream(response: httpx.Response) -> bool:
    return response.status_code == 200 and response.headers.get("content-type", "").startswith(EVENTS)


def _within(request: Request, core: Core, deadline: float | None) -> Request:
    """The request with a read timeout that does not outlast the deadline."""
    left = max(0.001, min(core.settings.timeout, core.remaining(deadline)))
    return Request(request.method, request.path, request.query, request.headers, read_timeout=left)


class Driver:
    """Performs programs with blocking calls; safe to use from several threads."""

    def __init__(self, core: Core, client: httpx.Client) -> None:
        self.core, self.client = core, client

    def perform(self, program: Program[T]) -> T:
        with ExitStack() as open_streams:
            try:
                effect = next(program)
                while True:
                    try:
                        result = self._perform(effect, open_streams)
                    except Exception as error:  # noqa: BLE001  the program decides what an error means
                        effect = program.throw(error)
                    else:
                        effect = program.send(result)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]

    def _perform(self, effect: Effect, open_streams: ExitStack) -> Any:
        match effect:
            case Send(request, into):
                return self._send(request, into)
            case Listen(request, deadline):
                return self._listen(request, deadline, open_streams)
            case Hear((request, events)):
                with translated(request):
                    return _event(next(events, None))
            case Pause(seconds):
                return self.core.clock.sleep(seconds)
            case Notify(callback, value):
                return callback(value)
            case Block(function):
                return function()

    def _send(self, request: Request, into: Path | None) -> Reply:
        with ExitStack() as files, translated(request):
            sent = build(self.client, self.core.settings, request, files)
            response = self.client.send(sent, stream=True, follow_redirects=not request.with_key)
            files.callback(response.close)
            if into is None or response.status_code >= 300:
                response.read()
                return reply_of(response)
            with Written(into) as written:
                for chunk in response.iter_bytes():
                    written.write(chunk)
            return reply_of(response, stream=into)

    def _listen(self, request: Request, deadline: float | None, open_streams: ExitStack) -> Reply:
        open_streams.close()
        with translated(request):
            sent = build(self.client, self.core.settings, _within(request, self.core, deadline), open_streams)
            response = self.client.send(sent, stream=True)
            open_streams.callback(response.close)
        if not _is_stream(response):
            return Reply(response.status_code, response.headers)
        events = _source(response, self.core, deadline).iter_sse()
        return reply_of(response, stream=(request, events))


class AsyncDriver:
    """Performs the same programs in an event loop."""

    def __init__(self, core: Core, client: httpx.AsyncClient) -> None:
        self.core, self.client = core, client

    async def perform(self, program: Program[T]) -> T:
        async with AsyncExitStack() as open_streams:
            try:
                effect = next(program)
                while True:
                    try:
                        result = await self._perform(effect, open_streams)
                    except Exception as error:  # noqa: BLE001  the program decides what an error means
                        effect = program.throw(error)
                    else:
                        effect = program.send(result)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]

    async def _perform(self, effect: Effect, open_streams: AsyncExitStack) -> Any:
        match effect:
            case Send(request, into):
                return await self._send(request, into)
            case Listen(request, deadline):
                return await self._listen(request, deadline, open_streams)
            case Hear((request, events)):
                with translated(request):
                    return _event(await anext(events, None))
            case Pause(seconds):
                return await self.core.clock.asleep(seconds)
            case Notify(callback, value):
                answer = callback(value)
                return await answer if inspect.isawaitable(answer) else answer
            case Block(function):
                return await anyio.to_thread.run_sync(function)

    async def _send(self, request: Request, into: Path | None) -> Reply:
        with ExitStack() as files, translated(request):
            sent = build(self.client, self.core.settings, request, files)
            response = await self.client.send(sent, stream=True, follow_redirects=not request.with_key)
            try:
                if into is None or response.status_code >= 300:
                    await response.aread()
                    return reply_of(response)
                with Written(into) as written:
                    async for chunk in response.aiter_bytes():
                        written.write(chunk)
                return reply_of(response, stream=into)
            finally:
                await response.aclose()

    async def _listen(self, request: Request, deadline: float | None, open_streams: AsyncExitStack) -> Reply:
        await open_streams.aclose()
        with ExitStack() as files, translated(request):
            sent = build(self.client, self.core.settings, _within(request, self.core, deadline), files)
            response = await self.client.send(sent, stream=True)
            open_streams.push_async_callback(response.aclose)
        if not _is_stream(response):
            return Reply(response.status_code, response.headers)
        events = _source(response, self.core, deadline).aiter_sse()
        open_streams.push_async_callback(events.aclose)
        return reply_of(response, stream=(request, events))


class Written:
    """A file that appears under its name only when it was written whole."""

    def __init__(self, path: Path) -> None:
        self._path, self._part = path, path.with_name(f".{path.name}.{os.getpid()}.part")

    def __enter__(self) -> Self:
        self._stream = self._part.open("wb")
        return self

    def write(self, chunk: bytes) -> None:
        self._stream.write(chunk)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()
        if kind is None:
            self._part.replace(self._path)
        else:
            self._part.unlink(missing_ok=True)
