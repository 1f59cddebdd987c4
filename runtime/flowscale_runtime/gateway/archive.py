"""All outputs of a run in one archive, written while it is sent."""

import asyncio
from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from zipstream import ZIP_STORED, ZipStream

from flowscale_runtime.gateway.errors import NotFound
from flowscale_runtime.gateway.metering import sending
from flowscale_runtime.gateway.runs import find, never, reader
from flowscale_runtime.stores import errors, queries
from flowscale_runtime.stores.values import TERMINAL

router = APIRouter()


@router.get("/runs/{run_id}/outputs.zip")
async def outputs(run_id: str, request: Request) -> Response:
    """The outputs as a ZIP: 204 while they aren't ready."""
    state, principal = await reader(request)
    run = await find(state, principal, run_id)
    if run.state not in TERMINAL:
        return Response(status_code=204)
    if run.state != "completed":
        raise never(run)
    sending(request, run.id)
    archive = ZipStream(compress_type=ZIP_STORED, sized=True)
    for row in (await state.database.read(queries.outputs, [run.id]))[run.id]:
        try:
            path = await asyncio.to_thread(state.objects.path, row.object)
            archive.add_path(path, row.filename)
        except errors.NotFound as error:
            raise NotFound(f"The file {row.filename!r} is gone.", filename=row.filename) from error
    name = quote(f"{run.deployment}-{run.number}.zip")
    headers = {
        "Content-Length": str(len(archive)),
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(archive, media_type="application/zip", headers=headers)
