"""The routes of jobs: submitting once, looking, listing by label, cancelling."""

import hashlib
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flowscale_runtime.gateway.comfyui import archive, submission
from flowscale_runtime.gateway.comfyui.prompts import cancel
from flowscale_runtime.gateway.comfyui.records import Record, listed
from flowscale_runtime.gateway.comfyui.replies import body_of, reply
from flowscale_runtime.gateway.comfyui.service import Comfy, caller
from flowscale_runtime.gateway.comfyui.v2 import shapes
from flowscale_runtime.gateway.comfyui.v2.assets import place_of
from flowscale_runtime.gateway.comfyui.v2.envelope import (
    BadCursor,
    BadMetadata,
    Fault,
    WorkflowFormatUi,
    answered,
)
from flowscale_runtime.gateway.comfyui.v2.references import resolved
from flowscale_runtime.gateway.errors import NotFound
from flowscale_runtime.stores.values import SECOND, Idempotency
from flowscale_workflows.graphs import is_api, is_ui

KEY_LIFE = 24 * 3600 * SECOND
MOST_LABELS, LONGEST_KEY, LONGEST_VALUE = 16, 64, 256
PAGE, LARGEST_PAGE = 50, 100


@answered
async def submit(request: Request) -> Response:
    """Queues a workflow; the same key with the same body answers with the job that it made before."""
    comfy, principal = await caller(request, "runs:execute")
    principal.require("workflows:write")  # a job is a workflow of the caller's own
    comfy.state.gate.check_address(request, comfy.host)
    await comfy.state.gate.check_rate(principal, comfy.host)
    body = await body_of(request)
    graph, labels = checked(body.get("workflow")), checked_labels(body.get("metadata"))
    extra = body.get("extra_data") or {}
    wanted = {"prompt": await resolved(comfy, principal.project, graph), "extra_data": extra}
    posted = submission.read(wanted)
    found = await submission.check(comfy, posted)
    terms = _terms(request, body, comfy.state.clock())
    submitted = await submission.submit(
        comfy, principal, posted, found["targets"], labels=labels, idempotency=terms
    )
    return reply(await shown(request, comfy, submitted.run_id), 201)


@answered
async def listing(request: Request) -> Response:
    """Jobs by label, the newest first, a page of them."""
    comfy, _ = await caller(request)
    wanted, before, limit = asked(request)
    rows = await archive.newest(comfy)
    rows = [row for row in rows if row.number < before and wanted.items() <= shapes.labels(row).items()]
    page: dict[str, Any] = {"jobs": [shapes.summary(row) for row in rows[:limit]]}
    if len(rows) > limit:
        page["next_cursor"] = str(rows[limit - 1].number)
    return reply(page)


@answered
async def one(request: Request) -> Response:
    """A job."""
    comfy, _ = await caller(request)
    return reply(await shown(request, comfy, request.path_params["job_id"]))


@answered
async def workflow(request: Request) -> Response:
    """The graph that a job ran."""
    comfy, _ = await caller(request)
    record = await found(comfy, request.path_params["job_id"])
    return reply({"workflow": listed(record)[2], "format": "api"})


@answered
async def end(request: Request) -> Response:
    """Ends a job; once more does nothing."""
    comfy, _ = await caller(request, "runs:execute")
    record = await found(comfy, request.path_params["job_id"])
    await cancel(comfy, record.row.id)
    return reply(await shown(request, comfy, record.row.id))


async def found(comfy: Comfy, job_id: str) -> Record:
    """A job. Raises NotFound."""
    record = await archive.find(comfy, job_id)
    if record is None:
        raise NotFound(f"There is no job {job_id!r}.", id=job_id)
    return record


async def shown(request: Request, comfy: Comfy, job_id: str) -> dict[str, Any]:
    """A job as it is now. Raises NotFound."""
    record = await found(comfy, job_id)
    ahead = await archive.ahead(comfy, job_id) if record.row.state == "queued" else None
    live = comfy.hub.prompts.get(job_id)
    return shapes.job(record, place_of(request), comfy.state.clock(), live, ahead)


def checked(graph: Any) -> dict[str, Any]:
    """The workflow of a request. Raises a Fault."""
    if is_ui(graph):
        raise WorkflowFormatUi("This is the editor's form: export the workflow in API form.")
    if not is_api(graph):
        raise Fault("`workflow` must be an object of nodes by id, each with a class_type.")
    return graph


def checked_labels(given: Any) -> dict[str, str] | None:
    """The labels of a request. Raises BadMetadata."""
    if given is None:
        return None
    if not isinstance(given, dict) or len(given) > MOST_LABELS:
        raise BadMetadata(f"metadata is an object of at most {MOST_LABELS} texts.")
    for key, value in given.items():
        if not 0 < len(key) <= LONGEST_KEY or not isinstance(value, str) or len(value) > LONGEST_VALUE:
            raise BadMetadata(
                f"The label {key[:LONGEST_KEY]!r} can't be kept: keys have 1 to {LONGEST_KEY} characters, values "
                f"are texts of at most {LONGEST_VALUE}.",
                key=key[:LONGEST_KEY],
            )
    return given


def asked(request: Request) -> tuple[dict[str, str], float, int]:
    """The labels to look for, the number that a page ends before, and its size. Raises BadCursor."""
    query = request.query_params
    labels = {
        name[len("metadata[") : -1]: value
        for name, value in query.multi_items()
        if name.startswith("metadata[") and name.endswith("]")
    }
    cursor, limit = query.get("cursor"), query.get("limit", "")
    if cursor is not None and not (cursor.isascii() and cursor.isdigit()):
        raise BadCursor(f"No page gave the cursor {cursor!r}.")
    size = int(limit) if limit.isascii() and limit.isdigit() else PAGE
    return labels, float(cursor) if cursor else float("inf"), min(max(size, 1), LARGEST_PAGE)


def _terms(request: Request, body: dict[str, Any], now: int) -> Idempotency | None:
    key = request.headers.get("idempotency-key")
    if not key:
        return None
    digest = hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return Idempotency(f"v2:{key}", digest, now + KEY_LIFE)


routes = (
    Route("/jobs", submit, methods=["POST"]),
    Route("/jobs", listing, methods=["GET"]),
    Route("/jobs/{job_id}", one, methods=["GET"]),
    Route("/jobs/{job_id}/workflow", workflow, methods=["GET"]),
    Route("/jobs/{job_id}/cancel", end, methods=["POST"]),
)
