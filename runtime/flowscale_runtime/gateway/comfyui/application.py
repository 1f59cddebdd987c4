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
from flowscale_runtime.gateway.comfyui.service import Comfy, caller
from flowscale_runtime.gateway.comfyui.submission import Refused
from flowscale_runtime.gateway.comfyui.v2 import assets, events
from flowscale_runtime.gateway.comfyui.v2 import jobs as jobs_v2
from flowscale_runtime.gateway.errors import ApiError

MODULES = (prompts, history, jobs, view, uploads, nodes, features, saving, users, sockets, scripts)
V2 = (*assets.routes, *jobs_v2.routes, *events.routes)


def application(
    find: Callable[[], Comfy], *, keyed: bool = True, page: bool = False, shared: bool = False
) -> Starlette:
    """The protocol for a server of its own, or to be mounted; `keyed`: callers must show a key; `page`: with the editor;
    `shared`: where other machines compute."""
    routes: list[BaseRoute] = [
        *(ALONE if shared else ()),
        *(route for module in MODULES for route in module.routes),
    ]
    second = [Route(f"/api/v2{route.path}", route.endpoint, methods=route.methods) for route in V2]
    if shared:
        second = [Route("/api/v2/{rest:path}", alone, methods=EVERY)]
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


async def alone(request: Request) -> Response:
    """What one machine alone can do."""
    await caller(request)
    message = f"{request.url.path} is served by `flowscale serve` alone: several gateways share no folders of models, users and scripts."
    return refusal("not_shared", message, 501)


EVERY = ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"]
ALONE = tuple(
    Route(path, alone, methods=EVERY)
    for path in (
        *(
            "/models",
            "/models/{rest:path}",
            "/embeddings",
            "/view_metadata/{rest:path}",
            "/internal/folder_paths",
        ),
        *("/experiment/models", "/experiment/models/{rest:path}", "/extensions", "/extensions/{rest:path}"),
        *(
            "/users",
            "/settings",
            "/settings/{rest:path}",
            "/userdata",
            "/userdata/{rest:path}",
            "/v2/userdata",
        ),
        *("/flowscale/{rest:path}", "/templates/{rest:path}"),
    )
)


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
