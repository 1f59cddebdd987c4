"""What controllers ask of a gateway: demand as a stream, and budgets. Closed unless a token opens it."""

import asyncio
import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast

import orjson
from fastapi import APIRouter
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from flowscale_runtime.gateway.admission import period_start, terms
from flowscale_runtime.gateway.catalog import Served
from flowscale_runtime.gateway.control.budgets import period_end
from flowscale_runtime.gateway.errors import NotFound, Unauthenticated
from flowscale_runtime.stores import budgets
from flowscale_runtime.stores.bus import Bus
from flowscale_runtime.stores.database import Database
from flowscale_runtime.stores.demand import Demand

router = APIRouter(prefix="/internal/v1")
COALESCED = 0.1  # seconds between two tellings at least
LONGEST = 10.0  # seconds between two tellings at most


@dataclass(slots=True)
class Internal:
    """What these routes work with. `clock` gives microseconds since the epoch."""

    database: Database
    bus: Bus
    served: Served
    clock: Callable[[], int]
    token: str
    demand: Demand = field(default_factory=Demand)
    counting: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def told(self) -> dict[str, Any]:
        """What deployments have to do now."""
        async with self.counting:
            now = self.clock()
            found = await self.database.read(self.demand.snapshot, now)
        return {"at": now, "deployments": found}

    async def stream(self) -> AsyncIterator[dict[str, Any]]:
        """Demand at once, after changes, and now and then."""
        with self.bus.follow(None) as follower:
            while True:
                yield await self.told()
                await asyncio.sleep(COALESCED)
                with suppress(TimeoutError):
                    async with asyncio.timeout(LONGEST):
                        while not any(event.sequence for event in await follower.next()):
                            pass


@router.get("/demand")
async def demand(request: Request) -> Response:
    """What deployments have to do and what their releases gave, as server-sent events."""
    internal = opened(request)
    stream = (ServerSentEvent(orjson.dumps(told).decode()) async for told in internal.stream())
    return EventSourceResponse(stream, ping=15)


@router.get("/budgets")
async def listing(request: Request) -> Response:
    """Every budget of the catalog in its current period, in micro-dollars."""
    internal = opened(request)
    catalog, now = internal.served.catalog, internal.clock()
    found = {budget.name: budget for one in catalog.deployments.values() for budget in one.budgets}
    wanted = [terms(budget, catalog.project, now) for budget in found.values()]
    standing = await internal.database.read(budgets.standing, wanted)
    listed = []
    for name in sorted(found):
        budget, row = found[name], standing.get(name)
        spent, reserved = (row.spent, row.reserved) if row else (0, 0)
        listed.append(
            {
                "name": name,
                "scope": budget.scope,
                "target": budget.target,
                "period_start": period_start(budget.period, now),
                "period_end": period_end(budget.period, now),
                "limit": budget.limit,
                "soft": budget.soft,
                "spent": spent,
                "reserved": reserved,
                "exceeded": spent >= budget.limit,
                "deployments": list(budget.deployments),
            }
        )
    return JSONResponse({"budgets": listed})


def opened(request: Request) -> Internal:
    """The parts, for a caller with the token. Raises Unauthenticated, and NotFound where no token opens them."""
    internal = cast("Internal | None", getattr(request.app.state, "internal", None))
    if internal is None or not internal.token:
        raise NotFound(f"There is no route {request.method} {request.url.path}.", path=request.url.path)
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(), internal.token.encode()):
        raise Unauthenticated("Send the installation's internal token as a bearer token.")
    return internal
