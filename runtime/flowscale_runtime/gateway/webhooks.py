"""Webhooks on their way: what the outbox holds is signed and posted until the endpoint takes it or it is a dead letter."""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from sqlalchemy import Row
from standardwebhooks import Webhook

from flowscale_runtime.gateway.catalog import Catalog, Deployment
from flowscale_runtime.gateway.fetching import AddressProblem, pinned
from flowscale_runtime.secrets import SecretMissing, Secrets
from flowscale_runtime.stores import outbox
from flowscale_runtime.stores.bus import Bus
from flowscale_runtime.stores.database import Database
from flowscale_runtime.stores.errors import Unavailable
from flowscale_runtime.stores.values import SECOND, TERMINAL

log = logging.getLogger(__name__)
AT_ONCE, TO_ONE_URL = 32, 4  # deliveries in flight
TIMEOUT = httpx.Timeout(15.0, connect=5.0)
PAUSE = 0.05  # seconds between two looks at the outbox, however many runs end
LEASE = 45 * SECOND  # how long a delivery is ours; longer than one may take
LONGEST_WAIT = 60.0  # seconds until the next look where nothing woke us


@dataclass(frozen=True, slots=True)
class Refused:
    """An endpoint didn't take a delivery. `final`: it never will."""

    reason: str
    final: bool = False
    after: float = 0.0


class Deliveries:
    """Delivers what the outbox holds. `clock` gives microseconds; `private` allows addresses that aren't public."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        secrets: Secrets,
        clock: Callable[[], int],
        *,
        private: bool = False,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._database, self._bus, self._secrets, self._clock = database, bus, secrets, clock
        self._private, self._chance = private, chance
        self._client = httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False, trust_env=False)
        self._flying: dict[str, tuple[str, asyncio.Task[None]]] = {}
        self._work = asyncio.Event()

    def wake(self) -> None:
        """There may be something to deliver."""
        self._work.set()

    async def run(self) -> None:
        """Delivers until it is cancelled; what is in flight then is sent again, by us or by somebody else."""
        listening = asyncio.create_task(self._listen())
        try:
            while True:
                self._work.clear()
                wait = await self._take_off_if_possible()
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._work.wait()
                await asyncio.sleep(PAUSE)
        finally:
            flying = list(self._flying)
            tasks = [listening, *(task for _, task in self._flying.values())]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._database.write(outbox.put_back, flying, self._clock())
            await self._client.aclose()

    async def _listen(self) -> None:
        """Webhooks are written when runs end."""
        with self._bus.follow(None) as follower:
            while True:
                if any(event.type in TERMINAL for event in await follower.next()):
                    self.wake()

    async def _take_off_if_possible(self) -> float:
        try:
            return await self._take_off()
        except Unavailable as error:
            log.warning("webhooks wait: %s", error)
            return 1.0

    async def _take_off(self) -> float:
        """Starts what is due; answers with the seconds until something else will be."""
        now, room = self._clock(), AT_ONCE - len(self._flying)
        at = Counter(url for url, _ in self._flying.values())
        terms = (now, LEASE, at, room, TO_ONE_URL)
        for row in await self._database.write(outbox.take, *terms) if room else ():
            self._flying[row.id] = row.url, asyncio.create_task(self._deliver(row))
        soon = await self._database.read(outbox.next_due, now)
        return LONGEST_WAIT if soon is None else min(max((soon - now) / SECOND, 0.0), LONGEST_WAIT)

    async def _deliver(self, row: Row[Any]) -> None:
        try:
            refused = await self._post(row)
            if refused is None:
                await self._database.write(outbox.delivered, row.id, self._clock())
            else:
                await self._refused(row, refused)
        except Unavailable as error:
            log.warning("webhook %s may be sent again: %s", row.id, error)
        finally:
            self._flying.pop(row.id, None)
            self.wake()

    async def _refused(self, row: Row[Any], refused: Refused) -> None:
        tries = outbox.TRIES if refused.final else row.tries + 1
        wait = max(delay(tries, self._chance()), int(refused.after * SECOND))
        log.warning("webhook not taken: %s", refused.reason, extra={"webhook_id": row.id, "tries": tries})
        await self._database.write(outbox.failed, row.id, tries, refused.reason, wait, self._clock())

    async def _post(self, row: Row[Any]) -> Refused | None:
        """Sends one; None where the endpoint took it."""
        try:
            request = await pinned(
                self._client, "POST", row.url, private=self._private, content=row.body.encode()
            )
            request.headers.update(self._headers(row))
            reply = await self._client.send(request, stream=True)
            await reply.aclose()
        except (AddressProblem, SecretMissing, httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            return Refused(f"{type(error).__name__}: {error}")
        if reply.is_success:
            return None
        after = reply.headers.get("retry-after", "")
        seconds = min(float(after), 3600.0) if after.isascii() and after.isdigit() and len(after) < 9 else 0.0
        return Refused(f"it answered {reply.status_code}", final=reply.status_code == 410, after=seconds)

    def _headers(self, row: Row[Any]) -> dict[str, str]:
        now = datetime.fromtimestamp(self._clock() // SECOND, UTC)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": row.id,
            "webhook-timestamp": str(int(now.timestamp())),
        }
        if row.traceparent:
            headers["traceparent"] = row.traceparent
        if row.secret:
            secrets = self._secrets.get(row.secret).split()
            headers["webhook-signature"] = " ".join(
                Webhook(secret).sign(row.id, now, row.body) for secret in secrets
            )
        return headers


def delay(tries: int, chance: float) -> int:
    """Microseconds until the next try: doubling from 5 seconds to an hour, give or take a fifth (`chance` 0 to 1)."""
    doubled: int = min(outbox.FIRST_DELAY * 2 ** (tries - 1), outbox.LONGEST_DELAY)
    return int(doubled * (0.8 + 0.4 * chance))


def updates(before: Catalog, after: Catalog) -> Iterator[tuple[Deployment, dict[str, Any]]]:
    """The deployments whose releases or weights have changed, and what `deployment.updated` says of them."""
    for name, deployment in after.deployments.items():
        earlier = before.deployments.get(name)
        if earlier is not None and _releases(earlier) != _releases(deployment):
            yield deployment, {"workflow_id": name, "releases": _releases(deployment)}


async def tell_updates(database: Database, before: Catalog, after: Catalog, now: int) -> None:
    """Puts `deployment.updated` into the outbox for the endpoints of deployments that have changed."""
    for deployment, data in updates(before, after):
        hooks = [
            {"url": hook.url, "events": list(hook.events), "secret": hook.secret}
            for hook in deployment.spec.webhooks
        ]
        await database.write(outbox.announce, deployment.project, hooks, "deployment.updated", data, now)


def _releases(deployment: Deployment) -> list[dict[str, Any]]:
    return [
        {"version": version.version, "weight": version.percent, "digest": version.digest}
        for version in deployment.versions
    ]
