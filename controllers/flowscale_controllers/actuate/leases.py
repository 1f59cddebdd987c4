"""Who leads: one process holds a Lease and renews it; the others wait until it hasn't been renewed for its duration.

Nobody's clock is compared with another's: a waiting process measures by its own clock how long the Lease has stayed as it is.
The leader counts from before it asked for a renewal, and stops writing at two thirds of the duration: so one that was paused,
or cut off, has stopped before anybody takes over.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx2
from lightkube import ApiError, AsyncClient
from lightkube.models.coordination_v1 import LeaseSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.coordination_v1 import Lease

from flowscale_controllers.errors import NotLeader

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)
NAME = "flowscale-controllers"


class Leadership:
    """This process's part in the election. `duration` is in seconds."""

    def __init__(
        self,
        client: AsyncClient,
        namespace: str,
        identity: str,
        duration: float = 15.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._namespace, self.identity = client, namespace, identity
        self._duration, self._clock = duration, clock
        self._renewed: float | None = None
        self._seen: tuple[str | None, float] = (None, clock())

    @property
    def leads(self) -> bool:
        """Whether this process may write now."""
        return self._renewed is not None and self._clock() < self._renewed + self._duration * 2 / 3

    def check(self) -> None:
        """Raises NotLeader where this process may not write."""
        if not self.leads:
            raise NotLeader(f"{self.identity} doesn't hold the lease {NAME}")

    async def run(self) -> None:
        """Takes and renews the Lease for as long as the process lives."""
        while True:
            was = self.leads
            with suppress(ApiError, httpx2.HTTPError):
                await self.attempt()
            if self.leads != was:
                log.warning("leads" if self.leads else "doesn't lead", extra={"identity": self.identity})
            await asyncio.sleep(self._duration / 6)

    async def attempt(self) -> None:
        """Takes the Lease if it is free or mine, and remembers what it is like otherwise."""
        asked = self._clock()
        lease = await self._get()
        spec = (lease.spec if lease else None) or LeaseSpec()
        version = lease.metadata.resourceVersion if lease and lease.metadata else None
        if version != self._seen[0]:
            self._seen = (version, asked)
        free = not spec.holderIdentity or asked - self._seen[1] >= self._duration
        if spec.holderIdentity != self.identity and not free:
            self._renewed = None
            return
        try:
            await self._write(lease, self.identity)
        except ApiError as error:
            if error.status.code != 409:
                raise
            self._renewed = None  # another one was faster
            return
        self._renewed = asked

    async def release(self) -> None:
        """Gives the Lease up, so that the next one needn't wait."""
        if not self.leads:
            return
        self._renewed = None
        with suppress(ApiError, httpx2.HTTPError):
            await self._write(await self._get(), "")

    async def _get(self) -> Lease | None:
        try:
            return await self._client.get(Lease, NAME, namespace=self._namespace)
        except ApiError as error:
            if error.status.code == 404:
                return None
            raise

    async def _write(self, lease: Lease | None, holder: str) -> None:
        spec = LeaseSpec(
            holderIdentity=holder,
            leaseDurationSeconds=max(1, round(self._duration)),
            renewTime=datetime.now(UTC),
        )
        if lease is None:
            made = Lease(metadata=ObjectMeta(name=NAME, namespace=self._namespace), spec=spec)
            await self._client.create(made)
        else:
            lease.spec = spec
            await self._client.replace(lease)
