"""What budgets hold, have spent and set aside, and where they will end at this pace."""

from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import Response

from flowscale_runtime.gateway import views
from flowscale_runtime.gateway.admission import period_start, terms
from flowscale_runtime.gateway.control.common import holder
from flowscale_runtime.gateway.replies import success
from flowscale_runtime.stores import budgets
from flowscale_runtime.stores.values import SECOND
from flowscale_specs import ResolvedBudget

router = APIRouter()


@router.get("/budgets")
async def listing(request: Request) -> Response:
    """Every budget that bounds a deployment which the caller may see."""
    state, principal = await holder(request, "billing:read")
    served = state.served.catalog.deployments.values()
    mine = [one for one in served if principal.deployments is None or one.name in principal.deployments]
    found = {
        budget.name: budget for one in mine if one.project == principal.project for budget in one.budgets
    }
    now = state.clock()
    wanted = [terms(budget, principal.project, now) for budget in found.values()]
    standing = await state.database.read(budgets.standing, wanted)
    return success({"budgets": [view(found[name], standing.get(name), now) for name in sorted(found)]})


def view(budget: ResolvedBudget, row: Row[Any] | None, now: int) -> dict[str, Any]:
    """A budget in its current period, in dollars; `row` is its balance, if there is one."""
    start, end = period_start(budget.period, now), period_end(budget.period, now)
    spent, reserved = (row.spent, row.reserved) if row else (0, 0)
    return {
        "name": budget.name,
        "scope": budget.scope,
        "target": budget.target,
        "deployments": list(budget.deployments),
        "period": budget.period,
        "period_start": views.moment(start) if start else None,
        "period_end": views.moment(end),
        "limit": budget.limit / 1e6,
        "soft": budget.soft / 1e6 if budget.soft is not None else None,
        "spent": spent / 1e6,
        "reserved": reserved / 1e6,
        "left": max(budget.limit - spent - reserved, 0) / 1e6,
        "forecast": forecast(spent, start, end, now),
        "alerts": list(budget.alerts),
        "alerted": row.alerted if row else 0,
        "exceeded": budget.exceeded,
    }


def forecast(spent: int, start: int, end: int | None, now: int) -> float | None:
    """Dollars at the end of the period if spending goes on at this pace; None where it has no end."""
    if end is None:
        return None
    elapsed = max(now - start, SECOND)
    return round(spent * (end - start) / elapsed) / 1e6


def period_end(period: str, now: int) -> int | None:
    """When the period of a moment ends, in microseconds; None for one that doesn't."""
    start = period_start(period, now)
    if not start:
        return None
    longest = {"day": 1, "week": 7, "month": 31, "year": 366}[period]
    later = datetime.fromtimestamp(start / SECOND, UTC) + timedelta(days=longest, hours=12)
    return period_start(period, int(later.timestamp()) * SECOND)
