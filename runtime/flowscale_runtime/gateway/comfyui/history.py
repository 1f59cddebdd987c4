"""What was run: all of it, one prompt, and forgetting."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flowscale_runtime.gateway.comfyui import archive
from flowscale_runtime.gateway.comfyui.records import entry
from flowscale_runtime.gateway.comfyui.replies import body_of, reply
from flowscale_runtime.gateway.comfyui.service import caller
from flowscale_runtime.gateway.errors import UnknownOption
from flowscale_runtime.stores import clearing


async def history(request: Request) -> Response:
    """Prompts that ended, oldest first; `max_items` of them, the newest unless `offset` says from where."""
    comfy, _ = await caller(request)
    most, offset = _number(request, "max_items"), _number(request, "offset")
    newest = most is not None and (offset is None or offset < 0)
    rows = await (archive.ended(comfy, max(most or 0, 0)) if newest else archive.ended(comfy))
    rows = window(rows, most, offset)
    return reply({record.row.id: entry(record) for record in await archive.complete(comfy, rows)})


async def one(request: Request) -> Response:
    """A prompt that ended; nothing where there is none, or it hasn't ended yet."""
    comfy, _ = await caller(request)
    record = await archive.find(comfy, request.path_params["prompt_id"])
    if record is None or record.row.completed_at is None or record.row.started_at is None:
        return reply({})
    return reply({record.row.id: entry(record)})


async def change(request: Request) -> Response:
    """Takes prompts out of the history: some, or all."""
    comfy, _ = await caller(request, "runs:execute")
    body = await body_of(request)
    if body.get("clear"):
        rows = await archive.ended(comfy)
        last = max((row.number for row in rows), default=0)
        await comfy.state.database.write(clearing.clear, comfy.project, last)
    if wanted := body.get("delete"):
        gone = [str(each) for each in wanted]
        await comfy.state.database.write(clearing.delete, comfy.project, gone)
    return Response()


def window(rows: list[Any], most: int | None, offset: int | None) -> list[Any]:
    """The part of the history that is asked for."""
    if offset is None or offset < 0:
        return rows if most is None else rows[max(len(rows) - most, 0) :]
    return rows[offset:] if most is None else rows[offset : offset + most]


def _number(request: Request, name: str) -> int | None:
    value = request.query_params.get(name)
    if value is None:
        return None
    try:
        return int(value)
    except ValueError as error:
        raise UnknownOption(f"{name} must be a whole number.", field=name) from error


routes = (
    Route("/history", history, methods=["GET"]),
    Route("/history", change, methods=["POST"]),
    Route("/history/{prompt_id}", one, methods=["GET"]),
)
