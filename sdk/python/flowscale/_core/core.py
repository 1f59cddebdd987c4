"""One call to the API as a program: send, read the answer, try again while that may help."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from flowscale._core import replies, retries
from flowscale._core.effects import Pause, Program, Send
from flowscale._core.requests import JsonBody, Reply, Request, query
from flowscale._core.settings import Settings
from flowscale.exceptions import FlowScaleError, FlowScaleNetworkError, FlowScaleTimeoutError

logger = logging.getLogger("flowscale")
UNANSWERED = (FlowScaleNetworkError, FlowScaleTimeoutError)


class Clock(Protocol):
    """Time as the client sees it: `now` to measure, `time` for dates, and two ways to let it pass."""

    def now(self) -> float: ...
    def time(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...
    async def asleep(self, seconds: float) -> None: ...


class Cache(Protocol):
    """Where results are kept: `flowscale.integrations.cache` has one in memory and one over Redis."""

    def get(self, key: str) -> bytes | None: ...
    def set(self, key: str, value: bytes) -> None: ...


@dataclass
class Core:
    """What every program needs besides its arguments."""

    settings: Settings
    clock: Clock
    dice: Callable[[], float]
    new_key: Callable[[], str]
    cache: Cache | None = field(default=None)

    def deadline(self, timeout: float | None) -> float | None:
        return None if timeout is None else self.clock.now() + timeout

    def remaining(self, deadline: float | None) -> float:
        return float("inf") if deadline is None else deadline - self.clock.now()

    def send(
        self, request: Request, *, deadline: float | None = None, into: Path | None = None
    ) -> Program[Reply]:
        """The answer of a successful request; every failure that stays is raised."""
        failures = 0
        while True:
            reply, error = yield from self._try(request, into)
            if error is None:
                return reply
            failures += 1
            delay = retries.delay_before_next(
                request,
                failures=failures
                if error.temporary and error.status != 408
                else self.settings.max_retries + 1,
                max_retries=self.settings.max_retries,
                retry_after=error.retry_after,
                dice=self.dice(),
            )
            if delay is None or delay >= self.remaining(deadline):
                raise error
            logger.warning("%s; trying again in %.1f s", error, delay)
            yield Pause(delay)

    def _try(self, request: Request, into: Path | None) -> Program[tuple[Reply, FlowScaleError | None]]:
        try:
            reply: Reply = yield Send(request, into)
        except UNANSWERED as error:
            return Reply(0, {}), error
        logger.debug("%s %s: %s", request.method, request.path.partition("?")[0], reply.status)
        if reply.status < 300:
            return reply, None
        wait = retries.read_retry_after(reply.headers, self.clock.time())
        return reply, replies.error_of(request, reply, wait)

    def data(self, request: Request, *, deadline: float | None = None) -> Program[Any]:
        """The `data` of the answer."""
        reply = yield from self.send(request, deadline=deadline)
        return replies.data_of(request, reply)

    def get(self, path: str, **parameters: Any) -> Program[Any]:
        return self.data(Request("GET", path, query(**parameters)))

    def bare(self, path: str, **parameters: Any) -> Program[Any]:
        """A JSON document that comes without the envelope."""
        reply = yield from self.send(Request("GET", path, query(**parameters)))
        return json.loads(reply.content)

    def post(self, path: str, value: Any = None) -> Program[Any]:
        """A POST that the server may receive twice and must carry out once."""
        body = None if value is None else JsonBody.of(value)
        return self.data(Request("POST", path, headers={"Idempotency-Key": self.new_key()}, body=body))

    def delete(self, path: str) -> Program[Any]:
        return self.data(Request("DELETE", path))
