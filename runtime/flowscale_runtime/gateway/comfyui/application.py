"""The protocol's application: every route bare and under /api, its errors in ComfyUI's shape; the editor on top."""

from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

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
from flowscale_runtime.gateway.comfyui.editor import pages, saving, scripts, signin
from flowscale_runtime.gateway.comfyui.guard import Guard
from flowscale_runtime.gateway.comfyui.replies import failure, refusal, reply
from flowscale_runtime.gateway.comfyui.service import Comfy
from flowscale_runtime.gateway.comfyui.submission import Refused
from flowscale_runtime.gateway.comfyui.v2 import assets, events
from flowscale_runtime.gateway.comfyui.v2 import jobs as jobs_v2
from flowscale_runtime.gateway.errors import ApiError

MODULES = (prompts, history, jobs, view, uploads, nodes, features, saving, users, sockets, scripts)
V2 = (*assets.routes, *jobs_v2.routes, *events.routes)


def application(find: Callable[[], Comfy], *, keyed: bool = True, page: bool = False) -> Starlette:
    """The protocol for a server of its own, or to be mounted; `keyed`: callers must show a key; `page`: with the editor."""
    routes: list[BaseRoute] = [route for module in MODULES for route in module.routes]
    second = [Route(f"/api/v2{route.path}", route.endpoint, methods=route.methods) for route in V2]
    prefixed = Mount("/api", routes=[*routes, *nodes.under_api])
    cookies = [Middleware(signin.ByCookie)] if page and keyed else []
    app = Starlette(
        routes=[*routes, *pages.templates, *second, prefixed, *(_pages(keyed) if page else ())],
        middleware=[*cookies, Middleware(Guard, keyed=keyed)],
        exception_handlers={Refused: _refused, ApiError: _failed, HTTPException: _unknown},
    )
    app.router.redirect_slashes = False
    app.state.find, app.state.keyed = find, keyed
    return app


def _pages(keyed: bool) -> list[BaseRoute]:
    return [*(signin.routes if keyed else ()), *pages.routes()]


async def _refused(request: Request, error: Any) -> Response:
    return reply(error.body, 400)


async def _failed(request: Request, error: Any) -> Response:
    return failure(error)


async def _unknown(request: Request, error: Any) -> Response:
    return refusal(
        "not_found" if error.status_code == 404 else "bad_request", error.detail, error.status_code
    )
