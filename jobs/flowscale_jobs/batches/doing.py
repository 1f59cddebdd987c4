"""A batch from its plan to its report: what every caller of the feeder does around it."""

import asyncio
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from flowscale import AsyncFlowScaleClient
from flowscale_jobs.batches import reports, sources, status
from flowscale_jobs.batches.feeding import Feeder
from flowscale_jobs.batches.journal import Journal
from flowscale_jobs.batches.plans import Plan
from flowscale_jobs.places import Place

SPARE_CONNECTIONS = 16


async def do(
    plan: Plan,
    place: Place,
    *,
    url: str,
    key: str | None,
    tell: Callable[[status.Status], None] = lambda _: None,
) -> status.Status:
    """Feeds a batch, or goes on feeding it, and reports. Raises JobError; then it may be begun again."""
    await asyncio.to_thread(plan.save, place)
    journal = Journal(place, f"{time.time_ns() // 1000:016d}-{secrets.token_hex(3)}")
    await asyncio.to_thread(journal.load)
    connections = plan.spec.parallelism * 2 + SPARE_CONNECTIONS
    async with AsyncFlowScaleClient(key, url, max_connections=connections) as client:
        feeder = Feeder(client, plan, place, journal, time.time, tell)
        items = sources.items(plan.spec, Path(plan.folder))
        found = await feeder.feed(items, sources.size(plan.spec))
        await reports.write(client, place, plan, found, journal.ended())
    return found
