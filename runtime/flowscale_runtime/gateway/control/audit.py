"""The audit log."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from flowscale_runtime.gateway import views
from flowscale_runtime.gateway.control.common import holder
from flowscale_runtime.gateway.parameters import read_page
from flowscale_runtime.gateway.replies import success
from flowscale_runtime.stores import audit

router = APIRouter()


@router.get("/audit")
async def listing(request: Request) -> Response:
    """Changes, the newest first; by `action`, `actor` (a key's id) or `resource`."""
    state, principal = await holder(request, "audit:read", whole=True)
    query = request.query_params
    wanted = {name: query[name] for name in ("action", "actor", "resource") if query.get(name)}
    page, size = read_page(query)
    rows, total = await state.database.read(audit.page, principal.project, wanted, (page - 1) * size, size)
    entries: list[dict[str, Any]] = [
        {
            "id": row.id,
            "at": views.moment(row.at),
            "actor": row.actor,
            "action": row.action,
            "resource": row.resource,
            "details": row.details or {},
        }
        for row in rows
    ]
    meta = {"page": page, "page_size": size, "total_count": total, "total_pages": -(-total // size)}
    return success({"entries": entries, "count": len(entries)}, meta=meta)
