"""Whether the process lives and can take work, what it measured, and where everything is."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from flowscale_runtime.gateway.errors import NotReady
from flowscale_runtime.gateway.replies import success
from flowscale_runtime.gateway.state import state_of
from flowscale_runtime.stores import queue

router = APIRouter()


@router.get("/healthz")
async def alive(request: Request) -> Response:
    """The process answers."""
    return PlainTextResponse("ok")


@router.get("/readyz")
async def ready(request: Request) -> Response:
    """The specs are loaded and runs are taken."""
    served = state_of(request).served
    if not served.ready:
        raise NotReady("The specs are being loaded.", retry_after=1, problems=list(served.catalog.problems))
    return success(
        {"deployments": sorted(served.catalog.deployments), "problems": list(served.catalog.problems)}
    )


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Prometheus' exposition."""
    state = state_of(request)
    demand = await state.database.read(queue.demand)
    for name in state.served.catalog.deployments:
        counts = demand.get(name, {"queued": 0, "running": 0})
        state.metrics.queued.labels(name).set(counts["queued"])
        state.metrics.running.labels(name).set(counts["running"])
    hosts = state.hosts()
    for status in ("idle", "running"):
        state.metrics.hosts.labels(status).set(sum(host["status"] == status for host in hosts))
    page = state.metrics.page() + (await state.engine()).encode()
    return Response(page, media_type="text/plain; version=0.0.4")


@router.get("/")
async def home(request: Request) -> Response:
    """A page that leads on."""
    names = sorted(state_of(request).served.catalog.deployments)
    served = "".join(f"<li><a href='/api/v1/docs?workflow_id={name}'>{name}</a></li>" for name in names)
    return HTMLResponse(
        "<!doctype html><html lang=en><meta charset=utf-8><title>FlowScale</title>"
        "<meta name=viewport content='width=device-width'>"
        "<style>body{font:16px/1.5 system-ui;max-width:40rem;margin:4rem auto;padding:0 1rem}</style>"
        f"<h1>FlowScale</h1><p>Deployments served here:</p><ul>{served or '<li>none yet</li>'}</ul>"
        "<p><a href=/api/v1/docs>API documentation</a> · <a href=/readyz>ready?</a> · <a href=/metrics>metrics</a></p></html>"
    )
