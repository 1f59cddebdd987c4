"""Forgets what is older than the project keeps it: rows in small steps, files that nothing refers to after their grace."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import fields

from flowscale_runtime.gateway.catalog import Served, Version
from flowscale_runtime.stores import forgetting
from flowscale_runtime.stores.database import Database
from flowscale_runtime.stores.errors import NotFound, Unavailable
from flowscale_runtime.stores.forgetting import GRACE, Terms
from flowscale_runtime.stores.objects import Objects
from flowscale_runtime.stores.values import SECOND
from flowscale_specs.kinds.project import Retention

log = logging.getLogger(__name__)
EVERY = 60.0  # seconds


def terms(retention: Retention) -> Terms:
    """A project's retention in microseconds."""
    return Terms(**{each.name: int(getattr(retention, each.name) * SECOND) for each in fields(Terms)})


def digest_of(version: Version) -> str:
    """The name of a release's bundle, whatever else has the same bytes."""
    return version.digest.removeprefix("sha256:")


class Sweeper:
    """Any number of them may run beside each other. `clock` gives microseconds."""

    def __init__(
        self, database: Database, objects: Objects, served: Served, clock: Callable[[], int]
    ) -> None:
        self._database, self._objects, self._served, self._clock = database, objects, served, clock

    async def run(self) -> None:
        """Sweeps until cancelled; what a store that is away prevents is done the next time."""
        while True:
            await asyncio.sleep(EVERY)
            if self._served.ready:
                try:
                    await self.sweep()
                except Unavailable as error:
                    log.warning("nothing was forgotten: %s", error)

    async def sweep(self) -> int:
        """Forgets all that is due; answers with the number of files that were deleted."""
        catalog = self._served.catalog
        kept = terms(catalog.retention)
        while await self._database.write(forgetting.expire, catalog.project, kept, self._clock()):
            pass
        served = {digest_of(version) for one in catalog.deployments.values() for version in one.versions}
        deleted = 0
        while True:
            free, held = await self._database.read(forgetting.doomed, self._clock())
            if not free and not held:
                return deleted
            late = {name for name in free if await asyncio.to_thread(self._stored_again, name)}
            for name in set(free) - late - served:
                await asyncio.to_thread(self._objects.delete, name)
                deleted += 1
            await self._database.write(forgetting.spare, sorted(late), self._clock())
            await self._database.write(forgetting.settle, sorted({*held, *free} - late))

    def _stored_again(self, name: str) -> bool:
        """Whether somebody stored the same bytes within the grace, and may be about to refer to them."""
        try:
            return self._objects.touched(name) * SECOND > self._clock() - GRACE
        except NotFound:
            return False
