"""A new run of the same request."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import Response

from flowscale_runtime.gateway.admission import Wish
from flowscale_runtime.gateway.replies import success
from flowscale_runtime.gateway.runs import changing, idempotency_key, start
from flowscale_runtime.gateway.sources import as_given
from flowscale_runtime.gateway.wire import Options, read_options

router = APIRouter()


@router.post("/runs/{run_id}/retry")
async def retry(run_id: str, request: Request) -> Response:
    """Starts a new run with the inputs of an earlier one, whatever became of that."""
    state, principal, row, _ = await changing(request, run_id)
    deployment = state.served.catalog.select(row.deployment)
    await state.gate.check_rate(principal, deployment)
    wish = Wish(
        principal,
        deployment,
        {entry["path"]: as_given(entry) for entry in row.inputs},
        _options(row, request.query_params),
        idempotency_key(request),
        retry_of=row.id,
    )
    return success(await start(state, request, wish))


def _options(row: Row[Any], query: Mapping[str, str]) -> Options:
    wait = {"wait": query["wait"]} if "wait" in query else {}
    return read_options({"group_id": row.group_id, "tags": row.tags, "priority": row.priority} | wait)
