"""Posting prompts, looking at the queue, taking prompts out of it, interrupting."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flowscale_runtime.gateway.comfyui import archive, submission
from flowscale_runtime.gateway.comfyui.records import listed
from flowscale_runtime.gateway.comfyui.replies import body_of, reply
from flowscale_runtime.gateway.comfyui.service import Comfy, caller
from flowscale_runtime.stores import outcomes
from flowscale_runtime.stores.errors import AlreadyFinished, NotFound


async def post(request: Request) -> Response:
    """Queues a prompt."""
    comfy, principal = await caller(request, "runs:execute")
    principal.require("workflows:write")  # a prompt is a workflow of the caller's own
    comfy.state.gate.check_address(request, comfy.host)
    await comfy.state.gate.check_rate(principal, comfy.host)
    posted = submission.read(await body_of(request))
    found = await submission.check(comfy, posted)
    submitted = await submission.submit(comfy, principal, posted, found["targets"])
    number = -submitted.number if posted.front else submitted.number
    answer = {"prompt_id": submitted.run_id, "number": number, "node_errors": found["node_errors"]}
    return reply(answer)


async def state(request: Request) -> Response:
    """How many prompts run or wait."""
    comfy, _ = await caller(request)
    return reply({"exec_info": {"queue_remaining": comfy.hub.remaining}})


async def queue(request: Request) -> Response:
    """The prompts that run and those that wait."""
    comfy, _ = await caller(request)
    records = await archive.live(comfy)
    running = [listed(one) for one in records if one.row.state == "running"]
    pending = [listed(one) for one in records if one.row.state == "queued"]
    return reply({"queue_running": running, "queue_pending": pending})


async def change_queue(request: Request) -> Response:
    """Takes prompts that wait out of the queue: some, or all."""
    comfy, _ = await caller(request, "runs:execute")
    body = await body_of(request)
    wanted = body.get("delete") or []
    for record in await archive.live(comfy):
        if record.row.state == "queued" and (body.get("clear") or record.row.id in wanted):
            await cancel(comfy, record.row.id)
    return Response()


async def interrupt(request: Request) -> Response:
    """Ends what runs: all of it, or one prompt if it is the one that runs."""
    comfy, _ = await caller(request, "runs:execute")
    wanted = (await body_of(request)).get("prompt_id")
    for record in await archive.live(comfy):
        if record.row.state == "running" and wanted in (None, record.row.id):
            await cancel(comfy, record.row.id)
    return Response()


async def free(request: Request) -> Response:
    """Lets hosts give back memory between prompts."""
    comfy, _ = await caller(request, "runs:execute")
    body = await body_of(request)
    if body.get("unload_models") or body.get("free_memory"):
        comfy.hosts.forget()
    return Response()


async def cancel(comfy: Comfy, run_id: str) -> bool:
    """Ends a prompt; whether it hadn't ended yet."""
    state = comfy.state
    project = state.served.catalog.project
    try:
        change, _ = await state.database.write(outcomes.cancel, project, run_id, state.clock())
    except (AlreadyFinished, NotFound):
        return False
    state.bus.publish(change.events)
    if change.wake:
        state.wake()
    return True


routes = (
    Route("/prompt", post, methods=["POST"]),
    Route("/prompt", state, methods=["GET"]),
    Route("/queue", queue, methods=["GET"]),
    Route("/queue", change_queue, methods=["POST"]),
    Route("/interrupt", interrupt, methods=["POST"]),
    Route("/free", free, methods=["POST"]),
)
