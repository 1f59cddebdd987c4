"""The gateway's application: routes, the one error shape, CORS by deployment, request ids and metrics."""

import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager

import uuid_utils
from fastapi import APIRouter, FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Match, Mount, Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flowscale_runtime.gateway import (
    archive,
    batches,
    comfy,
    cors,
    details,
    docs,
    events,
    files,
    health,
    internal,
    passes,
    retrying,
    runs,
    sockets,
    uploads,
)
from flowscale_runtime.gateway.comfyui import application as comfyui
from flowscale_runtime.gateway.control import audit, budgets, deployments, erasure, keys, usage, webhooks
from flowscale_runtime.gateway.errors import (
    ApiError,
    BadRequest,
    Internal,
    MethodNotAllowed,
    NotFound,
    NotReady,
)
from flowscale_runtime.gateway.inference import rest
from flowscale_runtime.gateway.metering import sent_for
from flowscale_runtime.gateway.replies import failure
from flowscale_runtime.gateway.state import state_of
from flowscale_runtime.stores.errors import Unavailable
from flowscale_runtime.tracing.spans import Span, context_of

log = logging.getLogger(__name__)
PREFIX = "/api/v1"
MODULES = (
    *(batches, runs, events, details, archive, retrying, files, uploads, sockets, passes, comfy, docs),
    *(keys, deployments, usage, budgets, webhooks, audit, erasure),
)
outside = APIRouter()
outside.get("/docs")(docs.page)
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(lifespan: Lifespan, *, shared: bool = False) -> FastAPI:
    """The application; `lifespan` puts the gateway's State on `app.state.gateway`, and what ComfyUI's protocol works with
    on `app.state.comfyui`. Where it is one of several (`shared`), there is no editor."""
    app = FastAPI(
        title="FlowScale",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    for module in MODULES:
        app.router.routes.extend(plain(module.router, PREFIX))
    app.router.routes.extend(plain(health.router))
    app.router.routes.extend(plain(outside))
    app.router.routes.extend(plain(rest.router))
    app.router.routes.extend(plain(internal.router))
    comfy = comfyui.application(lambda: app.state.comfyui, shared=shared)
    app.router.routes.append(Mount("/comfy", comfy))
    if not shared:
        app.router.routes.append(Route("/editor", _to_editor))
        editor = comfyui.application(lambda: app.state.comfyui, page=True)
        app.router.routes.append(Mount("/editor", editor))
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_middleware(Outside)
    return app


async def _to_editor(request: Request) -> Response:
    return RedirectResponse("editor/")


class PlainRoute(Route):
    """A route that leaves its name in the scope, for metrics."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, found = super().matches(scope)
        return match, {**found, "route": self} if found else found


def plain(router: APIRouter, prefix: str = "") -> Iterator[BaseRoute]:
    """A router's routes as they are: handlers take the path's parts and read the rest of the request themselves."""
    for route in router.routes:
        if isinstance(route, WebSocketRoute):
            yield WebSocketRoute(prefix + route.path, route.endpoint)
        elif isinstance(route, Route):
            made = PlainRoute(prefix + route.path, _handler(route.endpoint), name=route.name)
            made.methods = route.methods
            yield made


def _handler(endpoint: Callable[..., Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        return await endpoint(request=request, **request.path_params)

    return handle


async def _api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return failure(error)


async def _unavailable(request: Request, error: Exception) -> Response:
    log.error("%s", error)
    return failure(NotReady("A store doesn't answer: try again in a moment.", retry_after=5))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return failure(
            NotFound(f"There is no route {request.method} {request.url.path}.", path=request.url.path)
        )
    if error.status_code == 405:
        allowed = allowed_methods(request)
        reply = failure(
            MethodNotAllowed(f"{request.url.path} doesn't take {request.method}.", allowed=allowed)
        )
        reply.headers["Allow"] = ", ".join(allowed)
        return reply
    return failure(BadRequest(str(error.detail), status=error.status_code))


def allowed_methods(request: Request) -> list[str]:
    """What the path of a request takes."""
    found: set[str] = set()
    for route in request.app.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            found |= route.methods or set()
    return sorted(found)


def _end(span: Span, request: Request, route: str, status: int) -> None:
    """A request as OpenTelemetry's conventions have it."""
    span.name(f"{request.method} {route}")
    span.note(
        http_request_method=request.method,
        http_route=route,
        url_path=request.url.path,
        http_response_status__code=status,
    )
    span.end(f"it answered {status}" if status >= 500 else None)


class Outside:
    """What every reply passes: a request id, CORS, metrics, and no traceback for the caller."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        state = state_of(request)
        request_id = request.headers.get("x-request-id", "")[:100] or uuid_utils.uuid7().hex
        origin = request.headers.get("origin", "")
        rules = await cors.rules(state, request, origin) if origin else None
        allowed = cors.headers(rules, origin) if rules else []
        started, status = time.perf_counter(), 500
        span = state.tracer.begin("HTTP", context_of(request.headers.get("traceparent")), "server")
        scope["span"] = span

        async def reply(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                extra = [(b"x-request-id", request_id.encode("latin-1", "replace"))]
                message["headers"] = [*message["headers"], *extra, *allowed]
            elif (run_id := sent_for(scope)) is not None:
                state.meter.sent(run_id, len(message.get("body", b"")))
            await send(message)

        try:
            if request.method == "OPTIONS" and "access-control-request-method" in request.headers:
                await cors.preflight(rules)(scope, receive, reply)
            else:
                await self._app(scope, receive, reply)
        except Exception:
            log.exception("request failed", extra={"request_id": request_id, "path": scope["path"]})
            if status != 500:
                raise
            await failure(Internal("The server failed; its log says more.", request_id=request_id))(
                scope, receive, reply
            )
        finally:
            route = getattr(scope.get("route"), "path", "unknown")
            state.metrics.replied(route, request.method, status, time.perf_counter() - started)
            if state.tracer.on:
                _end(span, request, route, status)
