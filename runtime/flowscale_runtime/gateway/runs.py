"""The routes of runs: submit, look, list, cancel, and where an output is."""

import asyncio
from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import Response

from flowscale_runtime.gateway import errors, signing, views
from flowscale_runtime.gateway.access import Principal
from flowscale_runtime.gateway.admission import Wish, new_run_id
from flowscale_runtime.gateway.catalog import Deployment
from flowscale_runtime.gateway.links import base_url
from flowscale_runtime.gateway.parameters import Paging, read_paging
from flowscale_runtime.gateway.replies import success
from flowscale_runtime.gateway.state import State, context_of, state_of
from flowscale_runtime.gateway.wire import read_body, read_submission
from flowscale_runtime.stores import outcomes, queries
from flowscale_runtime.stores.bus import Follower
from flowscale_runtime.stores.errors import AlreadyFinished, NotFound
from flowscale_runtime.stores.values import TERMINAL, Submitted

router = APIRouter()
LONGEST_KEY = 255
SMALL_BODY = 1 << 20


@router.post("/runs")
async def submit(request: Request) -> Response:
    """Starts a run of a deployment; with `wait` the reply comes when it has ended, or time is up."""
    state = state_of(request)
    request = signing.listened(request)
    principal, limit = await caller(state, request)
    sent = await read_submission(request, limit)
    try:
        deployment = await admitted(state, request, principal, sent.options.workflow_id)
        key, fresh = idempotency_key(request), "no-cache" in request.headers.get("cache-control", "")
        wish = Wish(principal, deployment, sent.inputs, sent.options, key, fresh=fresh)
        return success(await start(state, request, wish))
    finally:
        for file in sent.files:
            await file.close()


@router.get("/runs/output")
async def output(request: Request) -> Response:
    """Where an output is, by the name that the submission gave: 204 while it isn't ready."""
    state, principal = await reader(request)
    filename = request.query_params.get("filename") or ""
    if not filename:
        raise errors.UnknownOption("Say which output with filename=.", field="filename")
    run = await state.database.read(
        queries.naming, principal.project, filename, request.query_params.get("run_id")
    )
    if run is None:
        raise errors.NotFound(f"There is no output {filename!r}.", filename=filename)
    principal.check_deployment(run.deployment)
    if run.state not in TERMINAL:
        return Response(status_code=204)
    if run.state != "completed":
        raise never(run)
    found = (await state.database.read(queries.outputs, [run.id]))[run.id]
    for row in found:
        if filename in (row.filename, row.stem) or filename.rsplit(".", 1)[0] == row.stem:
            url = state.links.url(base_url(request), row.object, row.filename, row.content_type, run.id)
            return success({"download_url": url, "generation_status": "success"})
    raise errors.NotFound(
        f"The run gave no output {filename!r}.", filename=filename, outputs=[row.filename for row in found]
    )


@router.get("/runs/{run_id}")
async def get(run_id: str, request: Request) -> Response:
    """One run."""
    state, principal = await reader(request)
    return success(await look(state, request, principal, run_id))


@router.get("/runs")
async def listing(request: Request) -> Response:
    """Runs of the caller, page by page."""
    state, principal = await reader(request)
    paging = read_paging(request.query_params, principal)
    rows, total = await state.database.read(
        queries.page, paging.wanted, paging.sort_by, paging.descending, paging.offset, paging.size
    )
    outputs = await state.database.read(queries.outputs, [row.id for row in rows])
    base = base_url(request)
    data = [views.run(row, outputs[row.id], state.bus.live(row.id), state.links, base) for row in rows]
    return success(
        {"runs": data, "group_id": paging.wanted.group_id, "count": len(data)}, meta=_meta(paging, total)
    )


@router.post("/runs/{run_id}/cancel")
@router.delete("/runs/{run_id}")
async def cancel(run_id: str, request: Request) -> Response:
    """Ends a queued or running run."""
    state, principal, _, _ = await changing(request, run_id)
    try:
        change, _ = await state.database.write(outcomes.cancel, principal.project, run_id, state.clock())
    except AlreadyFinished as finished:
        raise errors.AlreadyFinished(
            f"The run is already {finished.state}.", run_id=run_id, status=finished.state
        ) from finished
    state.bus.publish(change.events)
    if change.wake:
        state.wake()
    return success(f"Run {run_id} was cancelled.")


async def caller(state: State, request: Request) -> tuple[Principal, int]:
    """Who wants to start a run, and how many bytes the request may have. Raises NotReady until it is known what is served."""
    if not state.served.ready:
        raise errors.NotReady("The specs are being loaded.", retry_after=1)
    catalog = state.served.catalog
    principal = await state.gate.principal(request, catalog)
    principal.require("runs:execute")
    early = catalog.hinted(request.query_params.get("workflow_id"), request.headers.get("host", ""))
    if early is None:
        return principal, max((one.spec.limits.body for one in catalog.deployments.values()), default=1 << 20)
    principal.check_deployment(early.name)
    state.gate.check_address(request, early)
    return principal, early.spec.limits.body


async def admitted(state: State, request: Request, principal: Principal, name: str | None) -> Deployment:
    """The deployment that a request is for, if it may go on: rights, address, signature, rate."""
    catalog = state.served.catalog
    deployment = None if name else catalog.hinted(None, request.headers.get("host", ""))
    deployment = deployment or catalog.select(name)
    principal.check_deployment(deployment.name)
    if deployment.project != principal.project:
        raise errors.NotFound(f"There is no deployment {deployment.name!r}.", workflow_id=deployment.name)
    state.gate.check_address(request, deployment)
    await signing.check(request, deployment, state.database, state.clock())
    await state.gate.check_rate(principal, deployment)
    return deployment


async def start(state: State, request: Request, wish: Wish) -> dict[str, Any]:
    """Admits a run, waits for its end if the caller wants to, and answers with what is known then."""
    run_id = new_run_id()
    request.scope["span"].note(flowscale_run__id=run_id, flowscale_deployment=wish.deployment.name)
    wish = replace(wish, traceparent=context_of(request))
    with state.bus.follow(run_id) as follower:
        submitted = await state.admission.admit(wish, run_id)
        reply = submitted_view(wish.deployment.name, submitted)
        if not wish.options.wait and submitted.state not in TERMINAL:
            return reply
        if submitted.state not in TERMINAL and not submitted.replayed:
            await ended(follower, wish.options.wait)
    return reply | await look(state, request, wish.principal, submitted.run_id)


def submitted_view(deployment: str, submitted: Submitted) -> dict[str, Any]:
    """What the caller of a submission is told."""
    return {
        "run_id": submitted.run_id,
        "workflow_id": deployment,
        "output_names": list(submitted.output_names.values()),
        "number": submitted.number,
        "node_errors": {},
        "status": submitted.state,
    }


async def ended(follower: Follower, seconds: float) -> None:
    """Returns when the run has ended or time is up."""
    try:
        async with asyncio.timeout(seconds):
            while not any(event.type in TERMINAL for event in await follower.next()):
                pass
    except TimeoutError:
        return


async def reader(request: Request) -> tuple[State, Principal]:
    """The gateway's parts, and a caller who may read runs."""
    state = state_of(request)
    principal = await state.gate.principal(request, state.served.catalog)
    principal.require("runs:read")
    return state, principal


async def changing(request: Request, run_id: str) -> tuple[State, Principal, Row[Any], bytes]:
    """For a request that changes a run: the gateway's parts, a caller who may, the run, and the request's body."""
    state, request = state_of(request), signing.listened(request)
    principal = await state.gate.principal(request, state.served.catalog)
    principal.require("runs:execute")
    row = await find(state, principal, run_id)
    body = await read_body(request, SMALL_BODY)
    if deployment := state.served.catalog.deployments.get(row.deployment):
        state.gate.check_address(request, deployment)
        await signing.check(request, deployment, state.database, state.clock())
    return state, principal, row, body


async def look(state: State, request: Request, principal: Principal, run_id: str) -> dict[str, Any]:
    """A run that the caller may see, as the wire shows it. Raises NotFound."""
    try:
        row, outputs = await state.database.read(queries.whole, principal.project, run_id)
    except NotFound as missing:
        raise errors.NotFound(f"There is no run {run_id!r}.", run_id=run_id) from missing
    _check(principal, row)
    return views.run(row, outputs, state.bus.live(row.id), state.links, base_url(request))


async def find(state: State, principal: Principal, run_id: str) -> Row[Any]:
    """The row of a run that the caller may see. Raises NotFound."""
    try:
        row = await state.database.read(queries.run, principal.project, run_id)
    except NotFound as missing:
        raise errors.NotFound(f"There is no run {run_id!r}.", run_id=run_id) from missing
    _check(principal, row)
    return row


def idempotency_key(request: Request) -> str | None:
    """The caller's idempotency key. Raises UnknownOption."""
    key = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        raise errors.UnknownOption(
            f"Idempotency-Key must have 1 to {LONGEST_KEY} characters.", field="Idempotency-Key"
        )
    return key


def _check(principal: Principal, row: Row[Any]) -> None:
    if principal.deployments is not None and row.deployment not in principal.deployments:
        raise errors.NotFound(f"There is no run {row.id!r}.", run_id=row.id)


def never(run: Row[Any]) -> errors.ApiError:
    """Why an output will not come."""
    why = run.error["message"] if run.error else f"The run was {run.state}."
    if run.state == "timed_out":
        return errors.RunTimedOut(why, run_id=run.id, status=run.state)
    return errors.RunGone(why, run_id=run.id, status=run.state)


def _meta(paging: Paging, total: int) -> dict[str, Any]:
    return {
        "page": paging.page,
        "page_size": paging.size,
        "total_count": total,
        "total_pages": -(-total // paging.size),
        "sort_by": paging.sort_by,
        "sort_order": "desc" if paging.descending else "asc",
        "group_id": paging.wanted.group_id,
    }
