"""Forgets what is older than the project keeps it: rows in small steps, files that nothing refers to after their grace."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields

from flowscale_runtime.gateway.catalog import Catalog, Served
from flowscale_runtime.stores import forgetting, holdings
from flowscale_runtime.stores.database import Database
from flowscale_runtime.stores.direct import Direct
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


class Sweeper:
    """Any number of them may run beside each other. `clock` gives microseconds."""

    def __init__(
        self,
        database: Database,
        objects: Objects,
        served: Served,
        clock: Callable[[], int],
        direct: Direct | None = None,
    ) -> None:
        self._database, self._objects, self._served, self._clock = database, objects, served, clock
        self._direct = direct
        self._bundled: set[str] = set()

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
        if self._direct:
            await self._direct.sweep()
        await self._keep(catalog)
        while await self._database.write(
            forgetting.expire, catalog.project, terms(catalog.retention), self._clock()
        ):
            pass
        deleted = 0
        while True:
            free, held = await self._database.write(forgetting.take, self._clock())
            if not free and not held:
                return deleted
            gone = [name for name in free if await asyncio.to_thread(self._delete, name)]
            await self._database.write(forgetting.settle, [*held, *gone])
            deleted += len(gone)

    async def _keep(self, catalog: Catalog) -> None:
        """Releases and the files that their graphs name are no tenant's, and stay."""
        served = {version.digest for one in catalog.deployments.values() for version in one.versions}
        for digest in served - self._bundled:
            bundle = digest.removeprefix("sha256:")
            text = (await asyncio.to_thread(self._objects.get, bundle)).decode()
            names = {bundle, *forgetting.OBJECT.findall(text)}
            await self._database.write(holdings.bundle, names, self._clock())
            self._bundled.add(digest)

    def _delete(self, name: str) -> bool:
        """Deletes an object unless somebody stored the same bytes within the grace, and may be about to refer to them."""
        with suppress(NotFound):
            if self._objects.touched(name) * SECOND > self._clock() - GRACE:
                return False
        self._objects.delete(name)
        return True
