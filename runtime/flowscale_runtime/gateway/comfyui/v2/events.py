"""The events of a job as they happen: its status, progress, previews and outputs; no replay, for polling has it all."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import orjson
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flowscale_runtime.gateway.comfyui.service import Comfy, caller
from flowscale_runtime.gateway.comfyui.v2 import shapes
from flowscale_runtime.gateway.comfyui.v2.envelope import answered
from flowscale_runtime.gateway.comfyui.v2.jobs import found, shown
from flowscale_runtime.stores.values import Event

PING = 15  # seconds


@answered
async def follow(request: Request) -> Response:
    """A job's events until its end."""
    comfy, _ = await caller(request)
    record = await found(comfy, request.path_params["job_id"])
    stream = told(request, comfy, record.row.id)
    return EventSourceResponse(stream, ping=PING, headers={"X-Accel-Buffering": "no"})


async def told(request: Request, comfy: Comfy, job_id: str) -> AsyncIterator[ServerSentEvent]:
    """Where the job stands, then what changes."""
    with comfy.state.bus.follow(job_id) as follower:
        state = await shown(request, comfy, job_id)
        yield status(state)
        while state["status"] not in shapes.TERMINAL:
            for event in await follower.next():
                if event.sequence:
                    continue
                if frame := _live(comfy, event):
                    yield frame
            before, state = state["status"], await shown(request, comfy, job_id)
            if state["status"] != before and state["status"] not in shapes.TERMINAL:
                yield status(state)
        for one in state["outputs"]:
            yield frame_of("output", one)
        yield status(state)


def status(job: dict[str, Any]) -> ServerSentEvent:
    """Where a job stands."""
    return frame_of("status", {"status": job["status"], "queue_position": job["queue_position"]})


def _live(comfy: Comfy, event: Event) -> ServerSentEvent | None:
    if event.type == "preview":
        image = base64.b64encode(event.data["image"]).decode()
        told = {"node_id": event.data["node_id"], "content_type": event.data["content_type"]}
        return frame_of("preview", {**told, "data_base64": image})
    prompt = comfy.hub.prompts.get(event.run_id)
    return frame_of("progress", shapes.progress(prompt)) if event.type == "progress" and prompt else None


def frame_of(name: str, data: dict[str, Any]) -> ServerSentEvent:
    """One event."""
    return ServerSentEvent(orjson.dumps(data).decode(), event=name)


routes = (Route("/jobs/{job_id}/events", follow, methods=["GET"]),)
