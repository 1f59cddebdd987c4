"""The frontend's files: its page, what the page loads, and the templates that it offers."""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from flowscale_runtime.gateway.comfyui.editor.signin import form
from flowscale_runtime.gateway.comfyui.service import caller
from flowscale_runtime.gateway.errors import NotAllowed, NotFound

FRONTEND, TEMPLATES = "comfyui_frontend_package", "comfyui_workflow_templates_json"
GUARDS = {
    "Content-Security-Policy": "frame-ancestors 'self'; connect-src 'self' ws: wss: data: blob: https://raw.githubusercontent.com",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
"""The page speaks to this server alone, so that nobody else learns what is edited here; samples of templates are fetched."""
_FOREVER = "public, max-age=31536000, immutable"
_MISSING = """<!doctype html><meta charset=utf-8><title>FlowScale</title>
<p>The editor isn't installed here. Install it with <code>pip install 'flowscale-platform[editor]'</code>
and start the server again.</p>"""


class Bundle(StaticFiles):
    """Files of a package; names of the bundler carry a hash, so a browser may keep those for good."""

    def file_response(self, full_path, stat_result, scope: Scope, status_code: int = 200) -> Response:  # type: ignore[no-untyped-def]  # noqa: ANN001
        """The answer for one file."""
        answer = super().file_response(full_path, stat_result, scope, status_code)
        hashed = "/assets/" in str(full_path)
        answer.headers["Cache-Control"] = _FOREVER if hashed else "no-cache"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer


@lru_cache
def folder(package: str, inner: str) -> Path | None:
    """A folder of an installed package; None where it isn't installed."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return None
    found = Path(spec.origin).parent / inner
    return found if found.is_dir() else None


async def page(request: Request) -> Response:
    """The editor itself; where a key is wanted and none is shown, the page that asks for it."""
    try:
        await caller(request)
    except NotAllowed:
        return form()
    static = folder(FRONTEND, "static")
    if static is None:
        return HTMLResponse(_MISSING, 404)
    return FileResponse(static / "index.html", headers={**GUARDS, "Cache-Control": "no-cache"})


async def style(request: Request) -> Response:
    """The user's own style: that of the user's folder is asked for beside it, so this one says nothing."""
    return Response("", media_type="text/css")


async def template(request: Request) -> Response:
    """A file of the shipped templates."""
    await caller(request)
    name, root = request.path_params["name"], folder(TEMPLATES, "templates")
    path = (root / name).resolve() if root and "\0" not in name else None
    if root is None or path is None or not path.is_relative_to(root.resolve()) or not path.is_file():
        raise NotFound(f"There is no template {name!r}.", name=name)
    return FileResponse(path, headers={"Cache-Control": "no-cache"})


def routes() -> list[BaseRoute]:
    """The page and what it loads; to be asked last, for its files are whatever no other route has."""
    static = folder(FRONTEND, "static")
    found: list[BaseRoute] = [Route("/", page), Route("/user.css", style)]
    return [*found, Mount("/", Bundle(directory=static))] if static else found


templates = (Route("/templates/{name:path}", template, methods=["GET"]),)
