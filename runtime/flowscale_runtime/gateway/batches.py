"""Many runs in one request: admitted all or none, and shown as a whole."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

import uuid_utils
from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import Response

from flowscale_runtime.gateway import bodies, errors, signing, views
from flowscale_runtime.gateway.admission import KEPT_KEYS, Wish, content, digest, new_run_id
from flowscale_runtime.gateway.links import base_url
from flowscale_runtime.gateway.replies import success
from flowscale_runtime.gateway.runs import admitted, caller, idempotency_key, reader, submitted_view
from flowscale_runtime.gateway.state import State, context_of, state_of
from flowscale_runtime.gateway.wire import read_options
from flowscale_runtime.stores import queries
from flowscale_runtime.stores.errors import NotFound
from flowscale_runtime.stores.values import TERMINAL, Idempotency, NewRun

router = APIRouter()
MOST = 1000


class Batch(bodies.Body):
    """Inputs of many runs, and what they share. `batch_size` bounds how many are looked at at once."""

    inputs: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MOST)]
    batch_size: Annotated[int, Field(ge=1, le=MOST)] | None = None
    workflow_id: str | None = None
    group_id: str | None = None
    webhook: str | None = None
    tags: list[str] | dict[str, Any] | None = None
    priority: float | None = None
    ttl: float | None = None


@router.post("/runs/batch")
async def submit(request: Request) -> Response:
    """Starts many runs of one deployment, all or none."""
    state = state_of(request)
    request = signing.listened(request)
    principal, limit = await caller(state, request)
    batch = await bodies.read(request, Batch, limit)
    query = request.query_params
    said = batch.model_dump(exclude={"inputs", "batch_size"}, exclude_none=True)
    options = read_options(
        {name: query[name] for name in ("workflow_id", "group_id") if name in query} | said
    )
    deployment = await admitted(state, request, principal, options.workflow_id)
    number, context = str(uuid_utils.uuid7()), context_of(request)
    wish = Wish(principal, deployment, {}, options, batch_id=number, traceparent=context)
    runs = await _prepare(state, wish, batch)
    if key := idempotency_key(request):
        runs = _keyed(key, runs, state.clock())
    row = {
        "id": wish.batch_id,
        "project": deployment.project,
        "deployment": deployment.name,
        "group_id": options.group_id,
        "size": len(runs),
    }
    submitted = await state.admission.admit_all(row, runs)
    made = [submitted_view(deployment.name, one) for one in submitted]
    batch_id = (
        wish.batch_id if not submitted[0].replayed else await _batch_of(state, principal, submitted[0].run_id)
    )
    return success({"batch_id": batch_id, "runs": made})


@router.get("/runs/batch/{batch_id}")
async def get(batch_id: str, request: Request) -> Response:
    """A batch as a whole, and its runs."""
    state, principal = await reader(request)
    try:
        row = await state.database.read(queries.batch, principal.project, batch_id)
        principal.check_deployment(row.deployment)
    except (NotFound, errors.NotFound) as missing:
        raise errors.NotFound(f"There is no batch {batch_id!r}.", batch_id=batch_id) from missing
    wanted = queries.Filter(principal.project, principal.deployments, batch_id=batch_id)
    rows, _ = await state.database.read(queries.page, wanted, "created_at", False, 0, MOST)
    outputs = await state.database.read(queries.outputs, [run.id for run in rows])
    base = base_url(request)
    runs = [views.run(run, outputs[run.id], state.bus.live(run.id), state.links, base) for run in rows]
    return success(_whole(row, rows) | {"runs": runs})


async def _prepare(state: State, shared: Wish, batch: Batch) -> list[NewRun]:
    """Looks at the inputs of every run; what is wrong names the run's place in the batch."""
    at_once = asyncio.Semaphore(min(batch.batch_size or 32, 32))

    async def one(place: int, inputs: dict[str, Any]) -> NewRun:
        async with at_once:
            try:
                return await state.admission.prepare(replace(shared, inputs=inputs), new_run_id())
            except errors.ApiError as error:
                error.details["index"] = place
                raise

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(*numbered)) for numbered in enumerate(batch.inputs)]
    except* errors.ApiError as refused:
        first = min(_leaves(refused), key=lambda error: int(error.details["index"]))
    else:
        return [task.result() for task in tasks]
    raise first


def _leaves(group: BaseExceptionGroup[errors.ApiError]) -> list[errors.ApiError]:
    return [error for error in group.exceptions if isinstance(error, errors.ApiError)]


def _keyed(key: str, runs: Sequence[NewRun], now: int) -> list[NewRun]:
    """The runs under keys made of the batch's: sent again, the same batch is found, and another is a conflict."""
    body = digest([[run.deployment, run.group_id, content(run.inputs)] for run in runs])
    return [
        replace(run, idempotency=Idempotency(f"batch:{key}:{place}", body, now + KEPT_KEYS))
        for place, run in enumerate(runs)
    ]


async def _batch_of(state: State, principal: Any, run_id: str) -> str | None:
    row = await state.database.read(queries.run, principal.project, run_id)
    return row.batch_id  # type: ignore[no-any-return]


def _whole(batch: Row[Any], runs: Sequence[Row[Any]]) -> dict[str, Any]:
    counts = Counter(run.state for run in runs)
    done = sum(counts[state] for state in TERMINAL)
    return {
        "batch_id": batch.id,
        "workflow_id": batch.deployment,
        "group_id": batch.group_id,
        "size": batch.size,
        "status": _status(counts, done, len(runs)),
        "counts": dict(counts),
        "progress": 100.0 * done / len(runs) if runs else 100.0,
        "cost": sum(run.cost or 0 for run in runs) / 1e6,
        "execution_time": sum(run.seconds or 0.0 for run in runs),
        "created_at": views.moment(batch.created_at),
        "completed_at": views.moment(max((run.completed_at for run in runs), default=None))
        if done == len(runs)
        else None,
    }


def _status(counts: Counter[str], done: int, size: int) -> str:
    """completed where all are, failed where all ended and one didn't complete, else queued or running."""
    if done == size:
        return "completed" if counts["completed"] == size else "failed"
    return "running" if done or counts["running"] else "queued"
