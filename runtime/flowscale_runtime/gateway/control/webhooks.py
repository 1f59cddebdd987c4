"""Webhooks: who is told, what was sent and how that went, dead letters, and sending again."""

from typing import Any

from fastapi import APIRouter
from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import Response

from flowscale_runtime.gateway import views
from flowscale_runtime.gateway.control.common import entry, holder
from flowscale_runtime.gateway.errors import NotFound
from flowscale_runtime.gateway.parameters import choice, whole
from flowscale_runtime.gateway.replies import success
from flowscale_runtime.stores import audit, errors, outbox

router = APIRouter()


@router.get("/webhooks")
async def endpoints(request: Request) -> Response:
    """The endpoints that deployments declare, and how many deliveries stand where."""
    state, principal = await holder(request, "deployments:read", whole=True)
    counts = await state.database.read(outbox.counts, principal.project)
    declared = [
        {
            "deployment": name,
            "url": hook.url,
            "events": list(hook.events),
            "secret": hook.secret,
            "signed": bool(hook.secret),
        }
        for name, one in sorted(state.served.catalog.deployments.items())
        if one.project == principal.project
        for hook in one.spec.webhooks
    ]
    return success({"endpoints": declared, "deliveries": counts})


@router.get("/webhooks/deliveries")
async def deliveries(request: Request) -> Response:
    """Deliveries, the newest first; by `status` (pending, delivered, dead)."""
    return await _listed(request, choice(request.query_params, "status", outbox.STATES, None))


@router.get("/webhooks/dead-letters")
async def dead_letters(request: Request) -> Response:
    """Deliveries that were given up."""
    return await _listed(request, "dead")


@router.post("/webhooks/deliveries/{message}/replay")
async def replay(message: str, request: Request) -> Response:
    """Sends a delivery again, whatever became of it."""
    state, principal = await holder(request, "deployments:write", whole=True)
    noted = entry(state, principal, "webhook.replayed", message)
    try:
        await state.database.write(
            audit.recorded, noted, outbox.replay, principal.project, message, state.clock()
        )
    except errors.NotFound as missing:
        raise NotFound(f"There is no delivery {message!r}.", delivery=message) from missing
    state.deliver()
    return success(f"Delivery {message} is sent again.")


@router.post("/webhooks/dead-letters/replay")
async def replay_all(request: Request) -> Response:
    """Sends all dead letters again; answers with how many."""
    state, principal = await holder(request, "deployments:write", whole=True)
    noted = entry(state, principal, "webhook.replayed", "dead letters")
    count = await state.database.write(
        audit.recorded, noted, outbox.replay_dead, principal.project, state.clock()
    )
    state.deliver()
    return success({"replayed": count})


async def _listed(request: Request, status: str | None) -> Response:
    state, principal = await holder(request, "deployments:read", whole=True)
    limit = whole(request.query_params, "limit", 100, 1, 1000)
    rows = await state.database.read(outbox.deliveries, principal.project, status, limit)
    return success({"deliveries": [_view(row) for row in rows], "count": len(rows)})


def _view(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "event_type": row.event_type,
        "run_id": row.run_id,
        "url": row.url,
        "status": row.state,
        "tries": row.tries,
        "last_error": row.last_error,
        "created_at": views.moment(row.created_at),
        "delivered_at": views.moment(row.delivered_at),
        "next_at": views.moment(row.next_at) if row.state == "pending" else None,
    }
