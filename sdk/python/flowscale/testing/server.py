"""A FlowScale server in memory: an httpx transport that speaks the wire contract on a fake clock."""

import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

import httpx

from flowscale.testing.clock import FakeClock
from flowscale.testing.faults import Fault, Faults, failure, success
from flowscale.testing.forms import read
from flowscale.testing.routes import find
from flowscale.testing.runs import FakeOutput, FakeRun

KEEP_ALIVE = 15.0

SIGNED = ("/api/v1/files/", "/api/v1/uploads/")
"""Links that need no key."""


class FakeServer(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Give it to a client as `transport`, with `clock=server.clock`; `MockFlowScaleClient` does both.

    duration: seconds that a run takes. outputs: what it makes, or a function from the inputs to that.
    `requests` lists every request that arrived, `runs` every run.
    """

    def __init__(
        self,
        *,
        api_key: str = "test-key",
        base_url: str = "https://flowscale.test",
        duration: float = 2.0,
        outputs: list[FakeOutput] | Callable[[Mapping[str, Any]], list[FakeOutput]] | None = None,
        events: bool = True,
        clock: FakeClock | None = None,
    ) -> None:
        self.api_key, self.base_url = api_key, base_url
        self.duration, self.events = duration, events
        self.outputs = [FakeOutput()] if outputs is None else outputs
        self.clock = clock or FakeClock()
        self.requests: list[httpx.Request] = []
        self.runs: dict[str, FakeRun] = {}
        self.feedback: list[dict[str, Any]] = []
        self.uploads: dict[str, dict[str, Any]] = {}
        self.direct = False
        self.keys: dict[str, dict[str, Any]] = {}
        self.workflows: list[dict[str, Any]] = [
            {"workflow_id": "demo", "name": "demo", "description": "", "inputs": {}, "outputs": []}
        ]
        self._endings: list[tuple[str, Mapping[str, Any] | None]] = []
        self._replies: dict[str, tuple[Any, str]] = {}
        self._faults = Faults()
        self._breaks: list[int] = []
        self._lock = threading.RLock()

    def fail(
        self,
        status: int = 503,
        *,
        times: int = 1,
        method: str = "",
        path: str = "",
        code: str = "ERROR",
        message: str = "It failed, as the test asked.",
        details: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        """Answer the next fitting requests with an error."""
        response = failure(status, code=code, message=message, details=details, retry_after=retry_after)
        self._faults.waiting.append(Fault(times, method, path, response))

    def answer(self, response: httpx.Response, *, times: int = 1, method: str = "", path: str = "") -> None:
        """Answer the next fitting requests with exactly this."""
        self._faults.waiting.append(Fault(times, method, path, response))

    def drop(
        self,
        error: type[httpx.TransportError] = httpx.ConnectError,
        *,
        times: int = 1,
        method: str = "",
        path: str = "",
        after: bool = False,
    ) -> None:
        """Break the connection of the next fitting requests; with `after` they are carried out first."""
        self._faults.waiting.append(Fault(times, method, path, error=error, after=after))

    def fail_run(
        self, message: str = "The node failed.", *, code: str = "NODE_FAILED", **details: Any
    ) -> None:
        """Let the next run fail."""
        self._endings.append(("failed", {"code": code, "message": message, "details": details}))

    def time_out_run(self) -> None:
        """Let the next run take longer than its deployment allows."""
        self._endings.append(("timed_out", {"code": "TIMEOUT", "message": "The run took too long."}))

    def break_events(self, after: int) -> None:
        """Break the next stream of events after so many."""
        self._breaks.append(after)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        return self._handle(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return self._handle(request)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.requests.append(request)
            fault = self._faults.take(request)
            if fault and fault.response is not None:
                return _copy(fault.response)
            if fault and fault.error and not fault.after:
                raise fault.error("the connection broke, as the test asked", request=request)
            response = self._route(request)
            if fault and fault.error:
                raise fault.error("the answer was lost, as the test asked", request=request)
            return response

    def _route(self, request: httpx.Request) -> httpx.Response:
        handler, arguments = find(request.method, request.url.path)
        if handler is None:
            return failure(404, code="NOT_FOUND", message=f"There is no {request.url.path}.")
        if not request.url.path.startswith(SIGNED) and not self._known(request):
            return failure(401, code="UNAUTHENTICATED", message="This API key is not valid.")
        return handler(self, request, *arguments)

    def _known(self, request: httpx.Request) -> bool:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        return self.api_key in {request.headers.get("x-api-key"), bearer}

    def submit(self, request: httpx.Request) -> httpx.Response:
        """A new run, or the one that the same idempotency key made."""
        inputs, options = read(request)
        key = request.headers.get("idempotency-key", "")
        asked = (inputs, {name: value for name, value in options.items() if name != "wait"})
        if key in self._replies:
            before, run_id = self._replies[key]
            if before != asked:
                return failure(
                    409, code="IDEMPOTENCY_KEY_REUSED", message="This key came with another request."
                )
            return success(self._shown(self.runs[run_id]))
        run = self.start(inputs, options)
        if key:
            self._replies[key] = (asked, run.run_id)
        self.clock.wait(min(_wait(request, options), run.ends - self.clock.now()))
        return success({**self._shown(run), "number": run.number, "node_errors": {}})

    def start(self, inputs: Mapping[str, Any], options: Mapping[str, Any]) -> FakeRun:
        """Begin a run."""
        ending, error = self._endings.pop(0) if self._endings else ("completed", None)
        outputs = self.outputs(inputs) if callable(self.outputs) else list(self.outputs)
        run = FakeRun(
            number=len(self.runs) + 1,
            workflow_id=str(options.get("workflow_id") or "demo"),
            inputs=inputs,
            options=options,
            outputs=outputs,
            created=self.clock.now(),
            duration=self.duration,
            ending=ending,
            error=error,
        )
        self.runs[run.run_id] = run
        return run

    def stream(self, run: FakeRun, last_id: int) -> httpx.Response:
        """The events of a run from the one after `last_id`; waiting for them moves the clock."""
        limit = self._breaks.pop(0) if self._breaks else None
        return httpx.Response(
            200,
            headers={"Content-Type": "text/event-stream"},
            stream=_Stream(self._events(run, last_id, limit)),
        )

    def _events(self, run: FakeRun, last_id: int, limit: int | None) -> Iterator[bytes]:
        sent = 0
        while True:
            coming = [event for event in run.events() if event.id > last_id]
            if not coming:
                return
            until = coming[0].at - self.clock.now()
            self.clock.wait(min(until, KEEP_ALIVE))
            if until > KEEP_ALIVE:
                yield b": keep-alive\n\n"
                continue
            if sent == limit:
                raise httpx.ReadError("the stream broke, as the test asked")
            last_id, sent = coming[0].id, sent + 1
            yield coming[0].encode()

    def _shown(self, run: FakeRun) -> dict[str, Any]:
        return run.to_json(self.clock.now(), self.base_url)


class _Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk


def _copy(response: httpx.Response) -> httpx.Response:
    return httpx.Response(response.status_code, headers=response.headers, content=response.content)


def _wait(request: httpx.Request, options: Mapping[str, Any]) -> float:
    preferred = request.headers.get("prefer", "").partition("wait=")[2]
    return float(options.get("wait") or preferred or 0)
