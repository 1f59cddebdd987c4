"""What instances do: health and queue of host processes, and the workflows that are served."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from flowscale_runtime.gateway.access import Principal
from flowscale_runtime.gateway.catalog import describe
from flowscale_runtime.gateway.links import base_url
from flowscale_runtime.gateway.replies import success
from flowscale_runtime.gateway.runs import reader
from flowscale_runtime.gateway.state import State, state_of
from flowscale_runtime.stores import queries

router = APIRouter(prefix="/comfy")
MOST = 100


@router.get("/health")
async def health(request: Request) -> Response:
    """Every host process and whether it runs something."""
    state, _ = await reader(request)
    url = base_url(request)
    return success(
        [
            {"container": host["container"], "url": f"{url}/comfy", "status": host["status"]}
            for host in state.hosts()
        ]
    )


@router.get("/queue")
async def queue(request: Request) -> Response:
    """Running and pending runs; what waits is shown at the first host, for any may take it."""
    state, principal = await reader(request)
    url = base_url(request)
    running = await _numbers(state, principal, "running")
    pending = await _numbers(state, principal, "queued")
    hosts = state.hosts() or [{"container": "none"}]
    return success(
        [
            {
                "container": host["container"],
                "comfy_uri": f"{url}/comfy",
                "queue": {
                    "queue_running": [entry for entry in running if entry[1] == host.get("run_id")],
                    "queue_pending": pending if position == 0 else [],
                },
            }
            for position, host in enumerate(hosts)
        ]
    )


@router.get("/workflows")
async def workflows(request: Request) -> Response:
    """The deployments that the caller may use."""
    state = state_of(request)
    principal = await state.gate.principal(request, state.served.catalog)
    principal.require("workflows:read")
    mine = [
        describe(deployment)
        for name, deployment in sorted(state.served.catalog.deployments.items())
        if deployment.project == principal.project
        and (principal.deployments is None or name in principal.deployments)
    ]
    return success({"workflows": mine})


async def _numbers(state: State, principal: Principal, status: str) -> list[list[Any]]:
    wanted = queries.Filter(principal.project, principal.deployments, state=status)
    rows, _ = await state.database.read(queries.page, wanted, "created_at", False, 0, MOST)
    return [[row.number, row.id] for row in rows]
