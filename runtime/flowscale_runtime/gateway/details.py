"""A run looked at closer: what its nodes printed, where its time went, and what people think of the result."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from flowscale_runtime.gateway import bodies, views
from flowscale_runtime.gateway.replies import success
from flowscale_runtime.gateway.runs import changing, find, reader
from flowscale_runtime.stores import feedback, queries

router = APIRouter()


class Feedback(bodies.Body):
    """How good a result is, from 0 to 1."""

    score: Annotated[float, Field(ge=0, le=1)]
    comment: Annotated[str, Field(max_length=10_000)] | None = None


@router.get("/runs/{run_id}/logs")
async def logs(run_id: str, request: Request) -> Response:
    """What the nodes printed, line by line; as plain text where the caller accepts that."""
    state, principal = await reader(request)
    await find(state, principal, run_id)
    tries = await state.database.read(queries.tries, run_id)
    if request.headers.get("accept", "").startswith("text/plain"):
        return PlainTextResponse("".join(row.log for row in tries if row.log))
    lines = [
        {"attempt": number, "message": line}
        for number, row in enumerate(tries, 1)
        for line in (row.log or "").splitlines()
    ]
    return success(lines, meta={"attempts": [_attempt(number, row) for number, row in enumerate(tries, 1)]})


@router.get("/runs/{run_id}/timings")
async def timings(run_id: str, request: Request) -> Response:
    """Seconds by node; in `meta` the seconds that the run waited and computed."""
    state, principal = await reader(request)
    row = await find(state, principal, run_id)
    waited = (row.started_at - row.created_at) / 1e6 if row.started_at else None
    return success(row.timings or {}, meta={"queued": waited, "computed": row.seconds})


@router.post("/runs/{run_id}/feedback")
async def say(run_id: str, request: Request) -> Response:
    """Keeps a score of the result, and a comment."""
    state, principal, row, body = await changing(request, run_id)
    said = bodies.parse(body, Feedback)
    await state.database.write(
        feedback.add, row.id, principal.key_id, said.score, said.comment, state.clock()
    )
    return success({"run_id": row.id, "score": said.score, "comment": said.comment})


def _attempt(number: int, row: Row[Any]) -> dict[str, Any]:
    return {
        "attempt": number,
        "worker": row.worker,
        "exit": row.exit,
        "started_at": views.moment(row.started_at),
        "ended_at": views.moment(row.ended_at),
    }
