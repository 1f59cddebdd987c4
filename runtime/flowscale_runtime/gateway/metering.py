"""Bytes that leave are counted here, and written now and then; bytes that are kept are counted once an hour.

A download costs an addition. What a process counted and hasn't written is lost where it is killed: at most what it sent in
the last `EVERY` seconds.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from starlette.requests import Request

from flowscale_runtime.gateway.admission import terms
from flowscale_runtime.gateway.catalog import Catalog, Served
from flowscale_runtime.stores import metering
from flowscale_runtime.stores.database import Database
from flowscale_runtime.stores.errors import Unavailable
from flowscale_runtime.stores.metering import Use
from flowscale_runtime.stores.values import SECOND, BudgetTerms
from flowscale_specs import ResolvedBudget

log = logging.getLogger(__name__)
EVERY = 15.0  # seconds
WIDE = frozenset({"project", "team", "organization"})
_SENT_FOR = "flowscale.sent_for"


class Meter:
    """Counts for the project that is served. `clock` gives microseconds since the epoch."""

    def __init__(self, database: Database, served: Served, clock: Callable[[], int]) -> None:
        self._database, self._served, self._clock = database, served, clock
        self._sent: Counter[str] = Counter()

    def sent(self, run_id: str, size: int) -> None:
        """So many bytes were sent for a run; "" where it is none's."""
        self._sent[run_id] += size

    async def run(self) -> None:
        """Writes until cancelled; what a store that is away prevents is done the next time."""
        while True:
            await asyncio.sleep(EVERY)
            if self._served.ready:
                try:
                    await self.flush()
                    await self.count_kept()
                except Unavailable as error:
                    log.warning("nothing was metered: %s", error)

    async def flush(self) -> None:
        """Writes what was sent since the last time. Raises Unavailable, and forgets nothing then."""
        catalog, counts = self._served.catalog, self._sent
        if not counts:
            return
        self._sent, now = Counter(), self._clock()
        try:
            uses = await self._database.read(metering.sent, catalog.project, counts)
            bounds = partial(bounding, catalog, now)
            given = uses, catalog.prices, bounds, now
            await self._database.write(metering.charge, catalog.project, "egress", *given)
        except BaseException:
            self._sent.update(counts)
            raise

    async def close(self) -> None:
        """Writes what is left, where the process ends in order."""
        try:
            await self.flush()
        except Unavailable as error:
            log.warning("%s bytes that were sent were not metered: %s", self._sent.total(), error)

    async def count_kept(self) -> None:
        """Charges what was kept in the hour that is over, if nobody else has."""
        catalog, now = self._served.catalog, self._clock()
        since = await self._database.read(metering.due, catalog.project, now)
        if since is None:
            return
        seconds = (now - since) / SECOND if since else 0.0  # the first look begins the first hour
        uses = await self._database.read(metering.kept, catalog.project, seconds) if since else []
        given = since, uses, catalog.prices, partial(bounding, catalog, now), now
        await self._database.write(metering.charge_kept, catalog.project, *given)


def sending(request: Request, run_id: str = "") -> None:
    """The answer to this request is metered, for a run or for the project."""
    request.scope[_SENT_FOR] = run_id


def sent_for(scope: Mapping[str, Any]) -> str | None:
    """The run that the answer is metered for, "" for the project; None where it isn't metered."""
    return scope.get(_SENT_FOR)


def bounding(catalog: Catalog, now: int, use: Use) -> dict[BudgetTerms, tuple[dict[str, Any], ...]]:
    """The budgets that bytes count in: those of their deployment and key, else those of the whole project."""
    deployment = catalog.deployments.get(use.deployment)
    every = deployment.budgets if deployment else _wide(catalog)
    caller = (use.key_id, use.key, (use.key_id or "").partition("#")[2])
    return {
        terms(budget, catalog.project, now): _told(catalog, budget)
        for budget in every
        if budget.scope != "key" or budget.target in caller
    }


def _wide(catalog: Catalog) -> Iterable[ResolvedBudget]:
    every = {budget.name: budget for one in catalog.deployments.values() for budget in one.budgets}
    return [budget for budget in every.values() if budget.scope in WIDE or budget.scope == "key"]


def _told(catalog: Catalog, budget: ResolvedBudget) -> tuple[dict[str, Any], ...]:
    """The endpoints of the deployments that the budget bounds, each once."""
    hooks = {
        hook.url: {"url": hook.url, "events": list(hook.events), "secret": hook.secret}
        for one in catalog.deployments.values()
        if budget in one.budgets
        for hook in one.spec.webhooks
    }
    return tuple(hooks.values())
