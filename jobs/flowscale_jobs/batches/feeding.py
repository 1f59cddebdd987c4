"""The feeder of a batch: a bounded number of runs at a time, submitted and followed over REST.

The run queue alone retries a run. A feeder that dies is started again, by a person or by Argo, and goes on: what ended
is in the journal, and whatever else it submitted is found again under the same idempotency key.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress

from flowscale import AsyncFlowScaleClient, FlowScaleError
from flowscale_jobs.batches import limits, status, submitting
from flowscale_jobs.batches.delivery import Delivery
from flowscale_jobs.batches.items import Item
from flowscale_jobs.batches.journal import Journal
from flowscale_jobs.batches.plans import Plan
from flowscale_jobs.errors import JobError
from flowscale_jobs.places import Place

BEAT = 1.0
"""Seconds between two looks at whether to go on; what was noted lasts from then on."""
Clock = Callable[[], float]
Tell = Callable[[status.Status], None]


class Feeder:
    """Feeds one batch. `clock` gives seconds since the epoch; `tell` hears each new status."""

    def __init__(
        self,
        client: AsyncFlowScaleClient,
        plan: Plan,
        place: Place,
        journal: Journal,
        clock: Clock,
        tell: Tell,
    ) -> None:
        self._client, self._plan, self._place, self._journal = client, plan, place, journal
        self._clock, self._tell = clock, tell
        self._slots = asyncio.Semaphore(plan.spec.parallelism)
        self._delivery = Delivery.of(plan.spec.outputs, plan.folder)
        self._stop: limits.Stop | None = None
        self._trouble: JobError | None = None
        self._size: int | None = None

    async def feed(self, items: Iterator[Item], size: int | None = None) -> status.Status:
        """Feeds all items that haven't ended. Raises SourceError and Refused, after what runs has ended."""
        self._size = size
        await self._save("feeding")
        beat = asyncio.create_task(self._beat())
        try:
            async with asyncio.TaskGroup() as running:
                async for item in self._taken(items):
                    running.create_task(self._through(item))
        finally:
            beat.cancel()
            with suppress(asyncio.CancelledError):
                await beat
            await asyncio.to_thread(self._journal.flush)
        if self._trouble is not None:
            await self._save("paused", str(self._trouble))
            raise self._trouble
        return await self._end()

    async def _taken(self, items: Iterator[Item]) -> AsyncIterator[Item]:
        """Items that haven't ended, each when there is room for it, until something says stop."""
        while self._goes_on():
            try:
                chunk = await asyncio.to_thread(list, itertools.islice(items, self._plan.spec.chunk))
            except JobError as error:
                self._trouble = error
                return
            if not chunk:
                return
            for item in chunk:
                known = self._journal.records.get(item.key)
                if known is not None and known.ended:
                    continue
                await self._slots.acquire()
                if not self._goes_on():
                    self._slots.release()
                    return
                yield item

    async def _through(self, item: Item) -> None:
        """One item from its submission to its record; trouble with the job as a whole lets the item be."""
        try:
            await self._do(item)
        except JobError as error:
            self._trouble = self._trouble or error
        finally:
            self._slots.release()

    async def _do(self, item: Item) -> None:
        known = self._journal.records.get(item.key)
        run = await submitting.follow(self._client, known.run_id) if known and known.run_id else None
        while run is None:
            record = await submitting.submit(self._client, self._plan, item, self._goes_on)
            if record is not None:
                self._journal.note(record)
            if record is None or record.run_id is None:
                return
            run = await submitting.follow(self._client, record.run_id)
        if self._delivery is not None and run.ok:
            await self._delivery.deliver(run, item)
        self._journal.note(submitting.ended(item, run))

    def _goes_on(self) -> bool:
        if self._stop is None:
            elapsed = self._clock() - self._plan.begun_at
            self._stop = limits.stop(self._plan.spec, self._journal, elapsed, cancelled=False)
        return self._stop is None and self._trouble is None

    async def _beat(self) -> None:
        """Keeps journal and status up to date, and hears of a cancellation."""
        while True:
            await asyncio.sleep(BEAT)
            if await asyncio.to_thread(self._place.read, status.CANCEL) is not None:
                self._stop = limits.stop(self._plan.spec, self._journal, 0, cancelled=True)
            self._goes_on()
            if self._stop is not None and self._stop.cancel:
                await self._cancel_running()
            await asyncio.to_thread(self._journal.flush)
            await self._save("feeding")

    async def _cancel_running(self) -> None:
        for record in self._journal.open():
            if record.run_id is not None:
                with suppress(FlowScaleError):  # it ended meanwhile, or the next beat tries again
                    await self._client.runs.cancel(record.run_id)

    async def _end(self) -> status.Status:
        if self._stop is not None:
            return await self._save(self._stop.state, self._stop.reason)
        self._size = len(self._journal.records)
        return await self._save("failed" if self._journal.first_bad else "completed")

    async def _save(self, state: str, reason: str | None = None) -> status.Status:
        found = status.of(self._journal, state, self._size, self._clock(), reason)
        self._tell(found)
        await asyncio.to_thread(self._place.write_json, status.FILE, found.to_json())
        return found
