"""The jobs routes: prompts in every state, page by page, and cancelling them."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flowscale_runtime.gateway.comfyui import archive
from flowscale_runtime.gateway.comfyui.prompts import cancel
from flowscale_runtime.gateway.comfyui.records import Record, detailed, job, workflow_id
from flowscale_runtime.gateway.comfyui.replies import body_of, reply
from flowscale_runtime.gateway.comfyui.service import Comfy, caller
from flowscale_runtime.gateway.comfyui.submission import is_id

STATES = {
    "pending": ("queued",),
    "in_progress": ("running",),
    "completed": ("completed",),
    "failed": ("failed", "timed_out"),
    "cancelled": ("cancelled",),
}
SORTABLE = ("created_at", "execution_duration")


class Wrong(Exception):
    """A query parameter holds what it can't."""


async def listing(request: Request) -> Response:
    """Jobs by state and workflow, sorted, a page of them."""
    comfy, _ = await caller(request)
    try:
        states, sort_by, descending, limit, offset = asked(dict(request.query_params))
    except Wrong as wrong:
        return reply({"error": str(wrong)}, 400)
    rows = [row for row in await _rows(comfy) if row.state in states]
    if wanted := request.query_params.get("workflow_id"):
        posted = await archive.bundles(comfy, rows)
        rows = [row for row in rows if workflow_id(Record(row, posted[row.release], {})) == wanted]
    rows.sort(key=_created if sort_by == "created_at" else _duration, reverse=descending)
    total = len(rows)
    page = rows[offset:] if limit is None else rows[offset : offset + limit]
    shown = [job(record) for record in await archive.complete(comfy, page)]
    more = offset + len(shown) < total
    told = {"offset": offset, "limit": total if limit is None else limit, "total": total, "has_more": more}
    return reply({"jobs": shown, "pagination": told})


async def one(request: Request) -> Response:
    """One job."""
    comfy, _ = await caller(request)
    record = await archive.find(comfy, request.path_params["job_id"])
    return reply({"error": "Job not found"}, 404) if record is None else reply(detailed(record))


async def cancel_one(request: Request) -> Response:
    """Ends a job; once more does nothing."""
    comfy, _ = await caller(request, "runs:execute")
    job_id = request.path_params["job_id"]
    if await archive.find(comfy, job_id) is None:
        return reply({"error": "Job not found"}, 404)
    return reply({"cancelled": await cancel(comfy, job_id)})


async def cancel_many(request: Request) -> Response:
    """Ends several jobs."""
    comfy, _ = await caller(request, "runs:execute")
    wanted = (await body_of(request)).get("job_ids")
    if not isinstance(wanted, list):
        return reply({"error": "job_ids must be a list of ids.", "invalid_ids": []}, 400)
    if invalid := [each for each in wanted if not is_id(each)]:
        return reply({"error": "These are not ids of jobs.", "invalid_ids": invalid}, 400)
    known = [each for each in dict.fromkeys(wanted) if await archive.find(comfy, each)]
    return reply({"cancelled": any([await cancel(comfy, each) for each in known])})


def asked(query: dict[str, str]) -> tuple[set[str], str, bool, int | None, int]:
    """States, what to sort by, whether the largest comes first, limit, offset. Raises Wrong."""
    names = [name for name in query.get("status", "").split(",") if name] or list(STATES)
    if unknown := [name for name in names if name not in STATES]:
        raise Wrong(f"Unknown status {unknown[0]!r}: it is one of {', '.join(STATES)}.")
    sort_by, order = query.get("sort_by", "created_at"), query.get("sort_order", "desc")
    if sort_by not in SORTABLE:
        raise Wrong(f"sort_by must be one of {', '.join(SORTABLE)}.")
    if order not in {"asc", "desc"}:
        raise Wrong("sort_order must be asc or desc.")
    limit = _number(query, "limit", least=1)
    offset = _number(query, "offset", least=0) or 0
    states = {state for name in names for state in STATES[name]}
    return states, sort_by, order == "desc", limit, offset


def _number(query: dict[str, str], name: str, least: int) -> int | None:
    if name not in query:
        return None
    try:
        number = int(query[name])
    except ValueError:
        number = least - 1
    if number < least:
        raise Wrong(f"{name} must be a whole number, {least} or more.")
    return number


async def _rows(comfy: Comfy) -> list[Any]:
    return [*await archive.ended(comfy), *(record.row for record in await archive.live(comfy))]


def _created(row: Any) -> tuple[int, int]:
    return row.created_at, row.number


def _duration(row: Any) -> tuple[int, int]:
    return (row.completed_at or 0) - (row.started_at or row.completed_at or 0), row.number


routes = (
    Route("/jobs", listing, methods=["GET"]),
    Route("/jobs/cancel", cancel_many, methods=["POST"]),
    Route("/jobs/{job_id}", one, methods=["GET"]),
    Route("/jobs/{job_id}/cancel", cancel_one, methods=["POST"]),
)
