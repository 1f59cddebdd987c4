"""Waiting for a run: by events where they arrive, by asking again and again where they do not."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import quote

from flowscale._core import retries
from flowscale._core.core import UNANSWERED, Core, logger
from flowscale._core.effects import Hear, Listen, Notify, Pause, Program
from flowscale._core.requests import Event, Reply, Request
from flowscale.exceptions import FlowScaleError, FlowScaleProtocolError, FlowScaleTimeoutError
from flowscale.models import FINISHED, Progress, percent

OnProgress: TypeAlias = Callable[[Progress], Any]
STATUS_OF_EVENT = {"queued": "queued", "started": "running", **{name: name for name in FINISHED}}
OUTAGES_PER_RETRY = 2
"""A run outlives a restart of the server, so waiting bears more than one request does: so many failed
requests, each already retried, for every retry that the client allows."""
FIRST_POLL, LONGEST_POLL, POLL_GROWTH = 0.25, 3.0, 1.5


def poll_delays(interval: float | None = None) -> Iterator[float]:
    """Pauses between two questions: short at first, then longer; or always the interval asked for."""
    delay = interval or FIRST_POLL
    while True:
        yield delay
        delay = delay if interval else min(LONGEST_POLL, delay * POLL_GROWTH)


@dataclass
class Waiting:
    """One wait for one run; it remembers the last event so that a broken stream resumes where it was."""

    core: Core
    run_id: str
    timeout: float | None
    deadline: float | None
    on_progress: OnProgress | None = None
    poll_interval: float | None = None
    last_id: str = ""
    last: Progress | None = None
    run: dict[str, Any] | None = None

    def finished(self) -> Program[dict[str, Any]]:
        """The run object once the run has ended, however it ended."""
        if self.poll_interval is None:
            yield from self._follow()
        return (yield from self._poll())

    def _poll(self) -> Program[dict[str, Any]]:
        delays, failures = poll_delays(self.poll_interval), 0
        while True:
            try:
                run = run_of((yield from self._ask()), "status")
            except FlowScaleError as error:
                failures += 1
                if not error.temporary or failures > OUTAGES_PER_RETRY * self.core.settings.max_retries:
                    error.run_id = self.run_id
                    raise
            else:
                failures, self.run = 0, run
                yield from self._tell("poll", run)
                if run["status"] in FINISHED:
                    return run
            if self.core.remaining(self.deadline) <= 0:
                raise self._too_late()
            yield Pause(min(next(delays), self.core.remaining(self.deadline)))

    def _ask(self) -> Program[Any]:
        return self.core.data(Request("GET", run_path(self.run_id)), deadline=self.deadline)

    def _follow(self) -> Program[None]:
        """Listen until the run has ended, the deadline passed, or events prove not to be had."""
        failures = 0
        while failures <= self.core.settings.max_retries and self.core.remaining(self.deadline) > 0:
            before = self.last_id
            try:
                if (yield from self._listen()):
                    return
            except UNANSWERED as error:
                logger.debug("events of run %s broke off: %s", self.run_id, error)
            failures = 1 if self.last_id != before else failures + 1
            pause = retries.backoff(failures, self.core.dice())
            yield Pause(min(pause, max(0.0, self.core.remaining(self.deadline))))

    def _listen(self) -> Program[bool]:
        """One connection; true when there is nothing more to hear."""
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        if self.last_id:
            headers["Last-Event-ID"] = self.last_id
        reply: Reply = yield Listen(
            Request("GET", run_path(self.run_id, "events"), headers=headers), self.deadline
        )
        if reply.stream is None:
            return reply.status not in retries.RETRIED_STATUSES
        while True:
            event: Event | None = yield Hear(reply.stream)
            if event is None:
                return False
            if not event.data:  # httpx-sse makes an event of a keep-alive comment after one with an id
                continue
            self.last_id = event.id or self.last_id
            yield from self._tell(event.name, _object(event.data))
            if event.name in FINISHED:
                return True

    def _tell(self, name: str, data: Mapping[str, Any]) -> Program[None]:
        if self.on_progress is None:
            return
        known = self.last or Progress(self.run_id, "queued", 0.0, name)
        status = STATUS_OF_EVENT.get(name) or str(data.get("status") or known.status)
        share = 100.0 if status == "completed" else max(known.percent, percent(data))
        news = Progress(self.run_id, status, share, name, data)
        changed = self.last is None or (status, share) != (known.status, known.percent)
        self.last = news
        if changed or name not in {"poll", *FINISHED}:
            yield Notify(self.on_progress, news)

    def _too_late(self) -> FlowScaleTimeoutError:
        status = (self.run or {}).get("status", "unknown")
        return FlowScaleTimeoutError(
            f"run {self.run_id} has not ended after {self.timeout:g} s and goes on (last seen: {status}):"
            f" wait longer with wait_for_completion({str(self.run_id)!r}), or cancel it",
            run=self.run,
            run_id=self.run_id,
        )


def run_path(run_id: str, verb: str = "") -> str:
    """The path of a run or of something about it; an id never leads elsewhere."""
    if not run_id:
        raise ValueError("run_id is empty")
    return f"runs/{quote(str(run_id), safe='')}{f'/{verb}' if verb else ''}"


def run_of(data: Any, *fields: str) -> dict[str, Any]:
    """The run object of an answer, checked as far as the client relies on it."""
    missing = [name for name in ("run_id", *fields) if not (isinstance(data, dict) and data.get(name))]
    if missing:
        raise FlowScaleProtocolError(f"the server answered with a run that lacks {' and '.join(missing)}")
    return dict(data)


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
