"""Following a run as server-sent events: durable ones in order and resumable, progress and preview as they come."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import orjson
from fastapi import APIRouter
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response

from flowscale_runtime.gateway.errors import UnknownOption
from flowscale_runtime.gateway.runs import find, reader
from flowscale_runtime.gateway.state import State
from flowscale_runtime.stores import events
from flowscale_runtime.stores.values import TERMINAL, Event

router = APIRouter()
PING = 15  # seconds


@router.get("/runs/{run_id}/events")
async def follow(run_id: str, request: Request) -> Response:
    """A run's events; `Last-Event-ID` (or `?last_event_id=`) resumes after an event."""
    state, principal = await reader(request)
    row = await find(state, principal, run_id)
    last = request.headers.get("last-event-id") or request.query_params.get("last_event_id") or "0"
    if not last.isascii() or not last.isdigit() or len(last) > 12:
        raise UnknownOption("Last-Event-ID must be the id of an event.", field="Last-Event-ID")
    stream = (
        _frame(event)
        async for event in told(state, run_id, min(int(last), row.sequence), ended=row.state in TERMINAL)
    )
    return EventSourceResponse(stream, ping=PING, headers={"X-Accel-Buffering": "no"})


async def told(state: State, run_id: str, last: int, *, ended: bool) -> AsyncIterator[Event]:
    """Events of a run after a sequence number, until its end: each durable one once, in order."""
    with state.bus.follow(run_id) as follower:
        batch = await state.database.read(events.since, run_id, last)
        while True:
            for event in batch:
                if event.sequence and event.sequence <= last:
                    continue
                if event.sequence > last + 1:
                    break
                last = max(last, event.sequence)
                yield event
                if event.type in TERMINAL:
                    return
            if ended:
                return
            batch = await follower.next()
            if any(event.sequence > last + 1 for event in batch):
                batch = await state.database.read(events.since, run_id, last)


def payload(event: Event) -> dict[str, Any]:
    """What an event carries on the wire."""
    data = {"run_id": event.run_id, **event.data}
    if isinstance(image := data.get("image"), bytes):
        data["image"] = f"data:{data['content_type']};base64,{base64.b64encode(image).decode()}"
    return data


def _frame(event: Event) -> ServerSentEvent:
    name = str(event.sequence) if event.sequence else None
    return ServerSentEvent(orjson.dumps(payload(event)).decode(), event=event.type, id=name)
