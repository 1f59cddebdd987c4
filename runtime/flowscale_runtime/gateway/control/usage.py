"""What runs used: JSON, or CSV for spreadsheets."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from flowscale_runtime.gateway import views
from flowscale_runtime.gateway.control.common import holder
from flowscale_runtime.gateway.control.forecasting import forecast
from flowscale_runtime.gateway.errors import UnknownOption
from flowscale_runtime.gateway.parameters import choice, moment, whole
from flowscale_runtime.gateway.replies import success
from flowscale_runtime.stores import keys, usage
from flowscale_runtime.stores.metering import GIGABYTE

router = APIRouter()
MONTH = 30 * usage.DAY
HISTORY = 8 * 7  # days
_RISKY = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for a formula


@router.get("/usage")
async def report(request: Request) -> Response:
    """Runs, seconds and dollars of a time (`from`, `to`; the last 30 days unless said), by what `by` lists."""
    state, principal = await holder(request, "billing:read")
    query = request.query_params
    by = _dimensions(query.get("by") or "deployment")
    until = moment(query, "to") or state.clock() + 1
    since = moment(query, "from") or until - MONTH
    span = usage.Span(principal.project, since, until, principal.deployments)
    made = await state.database.read(usage.report, span, by)
    names = {row.id: row.name for row in await state.database.read(keys.listing, principal.project)}
    rows = [_labelled(by, key, names) | _shown(sums) for key, sums in made.rows.items()]
    if _wants_csv(request):
        headers = {"Content-Disposition": "attachment; filename=usage.csv"}
        return Response(_csv(rows, by), headers=headers, media_type="text/csv; charset=utf-8")
    meta = {"by": by, "from": views.moment(since), "to": views.moment(until)}
    return success({"rows": rows, "total": _shown(made.total)}, meta=meta)


@router.get("/usage/forecast")
async def ahead(request: Request) -> Response:
    """Dollars of the next `days` by day, from the last eight weeks, and how far off such forecasts were in them."""
    state, principal = await holder(request, "billing:read")
    horizon = whole(request.query_params, "days", 30, 1, 366)
    today = state.clock() // usage.DAY
    first = today - HISTORY
    span = usage.Span(principal.project, first * usage.DAY, today * usage.DAY, principal.deployments)
    made = await state.database.read(usage.report, span, ["day"])
    spent = {key[0]: sums.total_cost for key, sums in made.rows.items()}
    began = min(spent, default=today)  # days before anything was used say nothing about those to come
    found = forecast([spent.get(day, 0) for day in range(began, today)], horizon)
    days = [{"day": _date(today + ahead), "cost": _dollars(cost)} for ahead, cost in enumerate(found.days)]
    data = {"days": days, "total": _dollars(sum(found.days)), "method": found.method}
    errors = {"error": _dollars(found.error), "naive_error": _dollars(found.naive_error)}
    return success(data | errors)


def _dollars(amount: float | None) -> float | None:
    return None if amount is None else round(amount) / 1e6


def _date(day: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).date().isoformat()


def _dimensions(text: str) -> list[str]:
    by = list(dict.fromkeys(part.strip() for part in text.split(",")))
    if not set(by) <= set(usage.DIMENSIONS):
        choices = list(usage.DIMENSIONS)
        raise UnknownOption(f"by must list some of {', '.join(choices)}.", field="by", choices=choices)
    return by


def _labelled(by: Sequence[str], key: Sequence[Any], names: Mapping[str, str]) -> dict[str, Any]:
    labels: dict[str, Any] = dict(zip(by, key, strict=True))
    if "day" in labels:
        labels["day"] = _date(labels["day"])
    if "key" in labels:
        labels["key_name"] = names.get(labels["key"])
    return labels


def _shown(sums: usage.Sums) -> dict[str, Any]:
    return {
        **{name: getattr(sums, name) for name in ("runs", "completed", "failed", "cancelled", "cached")},
        "seconds": round(sums.seconds, 6),
        "cost": sums.cost / 1e6,
        "egress_bytes": sums.egress,
        "egress_cost": sums.egress_cost / 1e6,
        "storage_gb_hours": round(sums.storage / (GIGABYTE * 3600), 6),
        "storage_cost": sums.storage_cost / 1e6,
        "total_cost": sums.total_cost / 1e6,
    }


def _wants_csv(request: Request) -> bool:
    wanted = choice(request.query_params, "format", ("json", "csv"), None)
    return wanted == "csv" or (wanted is None and request.headers.get("accept", "").startswith("text/csv"))


def _csv(rows: Sequence[Mapping[str, Any]], by: Sequence[str]) -> str:
    columns = [*_labelled(by, [0] * len(by), {}), *_shown(usage.Sums())]
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)
    return buffer.getvalue()


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_RISKY) else value
