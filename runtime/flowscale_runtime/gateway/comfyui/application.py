"""The protocol's application: every route bare and under /api, its errors in ComfyUI's shape."""

from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route, WebSocketRoute

from flowscale_runtime.gateway.comfyui import (
    features,
    history,
    jobs,
    nodes,
    prompts,
    sockets,
    uploads,
    users,
    view,
)
from flowscale_runtime.gateway.comfyui.guard import Guard
from flowscale_runtime.gateway.comfyui.replies import failure, refusal, reply
from flowscale_runtime.gateway.comfyui.service import Comfy
from flowscale_runtime.gateway.comfyui.submission import Refused
from flowscale_runtime.gateway.errors import ApiError

MODULES = (prompts, history, jobs, view, uploads, nodes, features, users, sockets)


def application(find: Callable[[], Comfy], *, keyed: bool = True) -> Starlette:
    """The protocol for a server of its own, or to be mounted; `keyed`: callers must show a key."""
    routes: list[Route | WebSocketRoute] = [route for module in MODULES for route in module.routes]
    app = Starlette(
        routes=[*routes, Mount("/api", routes=routes)],
        middleware=[Middleware(Guard, keyed=keyed)],
        exception_handlers={Refused: _refused, ApiError: _failed, HTTPException: _unknown},
    )
    app.router.redirect_slashes = False
    app.state.find, app.state.keyed = find, keyed
    return app


async def _refused(request: Request, error: Any) -> Response:
    return reply(error.body, 400)


async def _failed(request: Request, error: Any) -> Response:
    return failure(error)


async def _unknown(request: Request, error: Any) -> Response:
    return refusal(
        "not_found" if error.status_code == 404 else "bad_request", error.detail, error.status_code
    )
