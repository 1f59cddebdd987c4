"""The audit log: looked at, exported, and compared with its seals."""

from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

import orjson
from fastapi import APIRouter
from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from flowscale_runtime.gateway import views
from flowscale_runtime.gateway.control.common import holder
from flowscale_runtime.gateway.errors import NotFound
from flowscale_runtime.gateway.parameters import read_page
from flowscale_runtime.gateway.replies import success
from flowscale_runtime.stores import audit, seals

router = APIRouter()
PIECE = 1000  # entries read at once


@router.get("/audit")
async def listing(request: Request) -> Response:
    """Changes, the newest first; by `action`, `actor` (a key's id) or `resource`."""
    state, principal = await holder(request, "audit:read", whole=True)
    query = request.query_params
    wanted = {name: query[name] for name in ("action", "actor", "resource") if query.get(name)}
    page, size = read_page(query)
    rows, total = await state.database.read(audit.page, principal.project, wanted, (page - 1) * size, size)
    entries = [view(row) for row in rows]
    meta = {"page": page, "page_size": size, "total_count": total, "total_pages": -(-total // size)}
    return success({"entries": entries, "count": len(entries)}, meta=meta)


@router.get("/audit/export")
async def export(request: Request) -> Response:
    """All entries of the project, the oldest first, one JSON object a line."""
    state, principal = await holder(request, "audit:read", whole=True)

    async def lines() -> AsyncIterator[bytes]:
        after = 0
        while rows := await state.database.read(audit.following, principal.project, after, PIECE):
            yield b"".join(orjson.dumps(view(row)) + b"\n" for row in rows)
            after = rows[-1].id

    headers = {"Content-Disposition": "attachment; filename=audit.jsonl"}
    return StreamingResponse(lines(), headers=headers, media_type="application/jsonl")


@router.get("/audit/head")
async def head(request: Request) -> Response:
    """The digest of the newest seal: whoever keeps it can tell later whether anything before it was changed."""
    state, _ = await holder(request, "audit:read", whole=True)
    row = await state.database.read(seals.head)
    if row is None:
        raise NotFound("Nothing is sealed yet: the first seal comes within a minute of the first entry.")
    return success({"number": row.number, "digest": row.digest, "sealed_at": views.moment(row.at)})


@router.get("/audit/verify")
async def verify(request: Request) -> Response:
    """Compares the log with its seals, and with `head`, a digest that the caller has kept."""
    state, _ = await holder(request, "audit:read", whole=True)
    known = request.query_params.get("head")
    found = await state.database.read(lambda c: list(seals.verify(c, state.objects.get, known)))
    return success({"intact": not found, "problems": [asdict(problem) for problem in found]})


def view(row: Row[Any]) -> dict[str, Any]:
    """An entry as the API shows it."""
    return {
        "id": row.id,
        "at": views.moment(row.at),
        "actor": row.actor,
        "action": row.action,
        "resource": row.resource,
        "details": row.details or {},
    }
