"""The worker's loop: claim runs for free hosts, have each computed under its lease, write how it ended."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection

from flowscale_runtime.engines.errors import HostDied
from flowscale_runtime.models.errors import ModelError, ModelUnreachable
from flowscale_runtime.stores import outcomes, queue
from flowscale_runtime.stores.bus import Bus, Follower
from flowscale_runtime.stores.database import Database
from flowscale_runtime.stores.errors import LeaseLost, Unavailable
from flowscale_runtime.stores.objects import Objects
from flowscale_runtime.stores.outcomes import problem
from flowscale_runtime.stores.queue import Leaning
from flowscale_runtime.stores.turns import EVERY, attempt, retry_delay
from flowscale_runtime.stores.values import SECOND, TERMINAL, Artifact, Change, Claimed, Event, Outcome
from flowscale_runtime.tracing.spans import SILENT, Span, Tracer, trace_of
from flowscale_runtime.worker import spans
from flowscale_runtime.worker.errors import OutOfMemory, OutOfTime, Stopped
from flowscale_runtime.worker.jobs import Jobs
from flowscale_runtime.worker.pool import Pool
from flowscale_runtime.worker.ports import Host
from flowscale_runtime.worker.supervision import Bounds, supervise

log = logging.getLogger(__name__)
Ending = Callable[[Connection, int], Change]
ClaimTerms = tuple[str, dict[str, int], int, int, int, Leaning]
LEASE = 30  # seconds
WARM = 4  # releases that a host is taken to have loaded
REST = 1.0  # seconds before stores that are away are asked again
LOST = "lost"  # what a run's own worker tells itself where its lease is another's
_STOPPING = TERMINAL | {LOST}
TELL_EVERY = 0.2  # seconds between two tellings of progress


class Agent:
    """One worker. `clock` gives microseconds since the epoch."""

    def __init__(
        self,
        name: str,
        database: Database,
        objects: Objects,
        jobs: Jobs,
        pool: Pool,
        bus: Bus,
        clock: Callable[[], int],
        memory: int | None = None,
        deployment: str | None = None,
        tracer: Tracer = SILENT,
    ) -> None:
        """`memory` is what a run may take where its deployment says nothing; `deployment` the only one served."""
        self.name, self.pool = name, pool
        self._leaning, self._claims = Leaning(deployment=deployment), 0
        self._warm: OrderedDict[str, None] = OrderedDict()
        self._database, self._objects, self._jobs, self._bus, self._clock = (
            database,
            objects,
            jobs,
            bus,
            clock,
        )
        self._memory, self._tracer = memory, tracer
        self._work = asyncio.Event()
        self._held: dict[str, int] = {}
        self._at: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()  # until how a run ended is written
        self._computing: set[asyncio.Task[None]] = set()  # those that take a host
        self._claiming = asyncio.Lock()
        self._draining = False

    def wake(self) -> None:
        """There may be something to claim."""
        self._work.set()

    def status(self) -> list[dict[str, Any]]:
        """Every host process: its name, whether it runs something, and what."""
        return [
            {
                "container": host.name,
                "status": "running" if busy else "idle",
                "run_id": self._at.get(host.name),
                "environment": host.environment.name,
            }
            for host, busy in self.pool.hosts
        ]

    async def run(self) -> None:
        """Claims and runs until `drain` or cancellation."""
        beat = asyncio.create_task(self._beat())
        try:
            while not self._draining:
                await self._work.wait()
                self._work.clear()
                try:
                    await self._claim()
                except Unavailable as error:
                    await self._rest(error)
        finally:
            beat.cancel()

    async def drain(self, grace: float) -> None:
        """Claims nothing more and lets what runs end, for `grace` seconds; the rest is given back at once."""
        self._draining = True
        self.wake()
        with suppress(TimeoutError):
            async with asyncio.timeout(grace):
                async with self._claiming:  # what a claim brings that is under way counts too
                    pass
                while self._tasks:
                    await asyncio.wait(self._tasks)
        late = list(self._tasks)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        for run_id, fence in self._held.items():
            stopped = partial(_give_back, run_id, fence, "the server was stopped", "")
            try:
                change, _ = await self._database.write(_end_and_claim, stopped, None, self._clock())
            except LeaseLost as lost:
                log.info("%s", lost, extra={"run_id": run_id})
            else:
                self._after(change)

    async def _claim(self) -> None:
        async with self._claiming:
            if terms := self._terms():
                self._start(await self._database.write(queue.claim, *terms))

    def _terms(self) -> ClaimTerms | None:
        """What could be claimed now, if anything."""
        capacity = {} if self._draining else self.pool.capacity()
        free = self.pool.size - len(self._computing)
        if not capacity or free <= 0:
            return None
        self._claims += 1
        leaning = replace(self._leaning, warm=frozenset(self._warm), by_turn=self._claims % EVERY == 0)
        return self.name, capacity, free, LEASE * SECOND, self._clock(), leaning

    def _start(self, claimed: list[Claimed]) -> None:
        for run in claimed:
            self._held[run.run_id] = run.fence
            task = asyncio.create_task(self._execute(run))
            for tasks in (self._tasks, self._computing):
                tasks.add(task)
                task.add_done_callback(tasks.discard)

    async def _execute(self, run: Claimed) -> None:
        self._bus.publish(run.events)
        self._loads(run.release)
        host = await self.pool.acquire(run.environment)
        self._at[host.name] = run.run_id
        span = spans.begin(self._tracer, run, self.name, self._clock())
        try:
            ending = await self._ending(run, host, span)
        finally:
            span.end()
            if self._jobs.apart:
                await asyncio.to_thread(self._jobs.apart.drop, run.run_id)
            self._at.pop(host.name, None)
            await self.pool.release(host, time.monotonic())
        self._held.pop(run.run_id, None)
        self._computing.discard(cast("asyncio.Task[None]", asyncio.current_task()))
        await self._end(run, ending)

    async def _ending(self, run: Claimed, host: Host, span: Span) -> Ending | None:
        """Has a run computed; answers with what is to be written, or None where somebody else has ended it."""
        held, known = (run.run_id, run.fence), {"run_id": run.run_id}
        if trace := trace_of(run.traceparent):
            known["trace_id"] = trace
        try:
            outcome = await self._attempt(run, host, span)
        except Stopped:
            log.info("run stopped", extra=known)
            span.end("stopped")
            return None
        except (HostDied, ModelUnreachable) as died:
            log.warning("%s", died, extra=known)
            span.end(str(died))
            return partial(_give_back, *held, str(died), host.log())
        except Exception:
            log.exception("the worker failed", extra=known)
            span.end("the worker failed")
            return partial(_give_back, *held, "the worker failed: its log says why", host.log())
        log.info("run %s", outcome.state, extra={**known, "seconds": outcome.seconds})
        span.end(outcome.error["message"] if outcome.error else None)
        return partial(_finish, *held, outcome)

    async def _end(self, run: Claimed, ending: Ending | None) -> None:
        """Writes how a run ended and claims the next one, in one transaction."""
        if ending is None:
            self.wake()
            return
        try:
            change, claimed = await self._database.write(_end_and_claim, ending, self._terms(), self._clock())
        except LeaseLost as lost:
            log.warning("%s", lost, extra={"run_id": run.run_id})
            self.wake()
        except Unavailable as error:  # the result is dear: it is written as long as the run is ours
            await self._rest(error)
            await self._end(run, ending)
        else:
            if self._jobs.apart and (shown := self._jobs.apart.published(run.run_id)):
                self._bus.nodes(run.run_id, shown)
            self._after(change)
            self._start(claimed)

    async def _rest(self, error: Unavailable) -> None:
        """The stores are away: again in a moment."""
        log.error("%s", error)
        await asyncio.sleep(REST)
        self.wake()

    def _loads(self, release: str) -> None:
        """Hosts have loaded what the last runs needed."""
        self._warm[release] = None
        self._warm.move_to_end(release)
        if len(self._warm) > WARM * self.pool.size:
            self._warm.popitem(last=False)

    async def _attempt(self, run: Claimed, host: Host, span: Span) -> Outcome:
        with self._bus.follow(run.run_id) as follower:
            started = time.monotonic()
            bounds = Bounds(run.timeout, run.memory or self._memory)
            try:
                if not self._jobs.loaded(run.release, host.environment):
                    await self._fetch(run, host, follower, span)
                job = await self._jobs.prepare(run, host.environment)
                job["spans"] = self._tracer.on
                result = await supervise(host, job, bounds, _ended(follower), self._teller(run.run_id))
            except ModelUnreachable:
                raise
            except ModelError as failed:
                error = problem("MODEL_UNAVAILABLE", str(failed))
                return Outcome("failed", time.monotonic() - started, error=error, log=host.log())
            except (OutOfTime, OutOfMemory) as failed:
                late = isinstance(failed, OutOfTime)
                error = problem("TIMEOUT" if late else "OUT_OF_MEMORY", str(failed))
                seconds = time.monotonic() - started
                return Outcome("timed_out" if late else "failed", seconds, error=error, log=host.log())
            spans.nodes(self._tracer, span.context, result.get("spans", {}))
            return await self._outcome(run, result, host.log())

    async def _fetch(self, run: Claimed, host: Host, follower: Follower, around: Span) -> None:
        """Has the weights of a run's release here, unless it is ended meanwhile. Raises a ModelError, and Stopped."""
        fetching = asyncio.ensure_future(
            self._jobs.load(run.release, host.environment, self._fetching(run.run_id))
        )
        ended = asyncio.ensure_future(_ended(follower))
        span = self._tracer.begin("fetch models", around.context)
        try:
            await asyncio.wait({fetching, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not fetching.done():
                raise Stopped("the run was ended while its models were fetched")
            await fetching
        finally:
            span.end()
            ended.cancel()
            fetching.cancel()

    def _fetching(self, run_id: str) -> Callable[[str, int, int | None], None]:
        """Tells how far a download is, from whichever thread."""
        loop, last = asyncio.get_running_loop(), 0.0

        def tell(model: str, done: int, size: int | None) -> None:
            nonlocal last
            if (now := time.monotonic()) - last >= TELL_EVERY:
                last = now
                detail = {"model": model, "bytes": done, "of": size}
                loop.call_soon_threadsafe(self._bus.progress, run_id, 0.0, detail)

        return tell

    async def _outcome(self, run: Claimed, result: dict[str, Any], text: str) -> Outcome:
        seconds, timings = result["seconds"], result.get("timings", {})
        if self._jobs.apart:
            self._jobs.apart.named(run.run_id, result)
        if result["status"] == "interrupted":
            raise Stopped("the run was ended")
        if result["status"] == "failed":
            return Outcome(
                "failed",
                seconds,
                error=result["error"],
                timings=timings,
                log=text,
                trace=result.get("trace"),
            )
        artifacts = tuple([await self._publish(output) for output in result["outputs"]])
        return Outcome("completed", seconds, artifacts, timings=timings, log=text, trace=result.get("trace"))

    async def _publish(self, output: dict[str, Any]) -> Artifact:
        """Puts a file of the host into the object store: a rename, where both are on one disk."""
        file = Path(output.pop("path")), output["object"], output["content_type"]
        if self._objects.instant:
            self._objects.put_file(*file)
        else:
            await asyncio.to_thread(self._objects.put_file, *file)
        return Artifact(**output)

    def _after(self, change: Change) -> None:
        self._bus.publish(change.events)
        if change.wake:
            self.wake()
            self._bus.wake()

    def _teller(self, run_id: str) -> Callable[[dict[str, Any], bytes], None]:
        last = 0.0

        def tell(head: dict[str, Any], blob: bytes) -> None:
            nonlocal last
            if head["type"] == "preview":
                self._bus.preview(run_id, blob, head["content_type"], head["node_id"])
            elif head["type"] == "nodes":
                apart, events = self._jobs.apart, head["events"]
                self._bus.nodes(run_id, apart.telling(run_id, events) if apart else events)
            elif (now := time.monotonic()) - last >= TELL_EVERY:
                last = now
                self._bus.progress(run_id, head["percent"], {"node_id": head["node_id"]})

        return tell

    async def _beat(self) -> None:
        """Renews leases, ends what waited too long, wakes for delayed runs, and lets idle hosts go."""
        while True:
            try:
                await asyncio.sleep(await self._keep(self._clock()))
            except Unavailable as error:
                await self._rest(error)
            self.wake()

    async def _keep(self, now: int) -> float:
        """One beat; answers with the seconds until the next one."""
        held = list(self._held.items())
        change, lost = await self._database.write(_keep, held, now)
        self._after(change)
        for run_id in lost:
            self._bus.receive(Event(run_id, 0, LOST, {}))
        await self.pool.shrink(time.monotonic(), idle_timeout=300)
        soon = await self._database.read(queue.next_available, now)
        return LEASE / 3 if soon is None else min(max((soon - now) / SECOND, 0.01), LEASE / 3)


def _keep(connection: Connection, held: list[tuple[str, int]], now: int) -> tuple[Change, list[str]]:
    lost = queue.renew(connection, held, now + LEASE * SECOND)
    ripened = Change(wake=queue.ripen(connection, now))
    change = outcomes.merge([ripened, outcomes.expire(connection, now), queue.recover(connection, now)])
    return change, lost


def _finish(run_id: str, fence: int, outcome: Outcome, connection: Connection, now: int) -> Change:
    return outcomes.finish(connection, run_id, fence, outcome, now)


def _give_back(run_id: str, fence: int, reason: str, text: str, connection: Connection, now: int) -> Change:
    return queue.give_back(connection, run_id, fence, reason, text, retry_delay(attempt(fence)), now)


def _end_and_claim(
    connection: Connection, ending: Ending, terms: ClaimTerms | None, now: int
) -> tuple[Change, list[Claimed]]:
    change = ending(connection, now)
    return change, queue.claim(connection, *terms) if terms else []


async def _ended(follower: Follower) -> None:
    """Returns when somebody else ended the run, or has it now."""
    while not any(event.type in _STOPPING for event in await follower.next()):
        pass
