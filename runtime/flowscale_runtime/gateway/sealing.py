"""Seals the audit log now and then: blocks go to the object store, the digest of the newest into the log."""

import asyncio
import logging
from collections.abc import Callable

from flowscale_runtime.stores import seals
from flowscale_runtime.stores.database import Database
from flowscale_runtime.stores.objects import Objects

log = logging.getLogger(__name__)
EVERY = 60.0  # seconds


class Sealer:
    """Any number of them may run beside each other: a block is sealed by the first. `clock` gives microseconds."""

    def __init__(self, database: Database, objects: Objects, clock: Callable[[], int]) -> None:
        self._database, self._objects, self._clock = database, objects, clock

    async def run(self) -> None:
        """Seals until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            await self.seal()

    async def seal(self) -> str | None:
        """Seals all that waits; answers with the newest digest where there was something."""
        digest = None
        while (block := await self._database.read(seals.unsealed)) is not None:
            stored = await asyncio.to_thread(self._objects.put, block.bytes())
            if not await self._database.write(seals.keep, block, stored, self._clock()):
                break
            digest = stored
            log.info("audit log sealed", extra={"block": block.number, "head": digest})
        return digest
