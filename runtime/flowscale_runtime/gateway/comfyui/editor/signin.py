"""Signing in to the editor where callers must show a key: a page can't send one, so a cookie stands for it."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from flowscale_runtime.gateway.access import credential
from flowscale_runtime.gateway.comfyui.service import caller
from flowscale_runtime.gateway.errors import ApiError
from flowscale_runtime.gateway.tokens import Claims

COOKIE = "flowscale_editor"
HOURS = 12
_FORM = """<!doctype html><html lang=en><meta charset=utf-8><title>FlowScale editor</title>
<meta name=viewport content="width=device-width, initial-scale=1"><link rel=icon href="data:,">
<style>body{font:16px system-ui;display:grid;place-items:center;min-height:100vh;margin:0;background:#171718;color:#eee}
form{display:grid;gap:.7rem;width:min(22rem,90vw)}input,button{font:inherit;padding:.6rem;border-radius:.4rem;border:0}
button{background:#3b82f6;color:#fff}p{min-height:1.4em;margin:0;color:#fca5a5}</style>
<form method=post action=sign-in><label for=key>API key</label>
<input id=key name=key type=password autocomplete=current-password required autofocus>
<button>Open the editor</button><p role=alert>{message}</p></form></html>"""
_GUARDS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "form-action 'self'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


class ByCookie:
    """Lets the cookie of a signed-in page stand for a key, for requests of that page alone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"}:
            connection = Request({**scope, "type": "http", "method": scope.get("method", "GET")})
            token = connection.cookies.get(COOKIE)
            if token and credential(connection) is None and own_page(connection.headers):
                headers = MutableHeaders(scope=dict(scope))
                headers["authorization"] = f"Bearer {token}"
                scope = {**scope, "headers": headers.raw}
        await self._app(scope, receive, send)


def own_page(headers: Headers) -> bool:
    """Whether a request comes from a page of this server: what a browser says of its origin, if it says so."""
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


async def sign_in(request: Request) -> Response:
    """Takes a key from the form and gives the cookie for it."""
    if not own_page(request.headers):
        return form("Use the form of this server.", 403)
    async with request.form(max_files=0, max_fields=1, max_part_size=4096) as fields:
        key = str(fields.get("key") or "").strip()
    shown = Request({**request.scope, "headers": [(b"x-api-key", key.encode())]})
    try:
        comfy, principal = await caller(shown)
    except ApiError as error:
        return form(error.message, error.status)
    if principal.key_id is None:
        return form("Use an API key.", 403)
    claims = Claims(principal.key_id, principal.project, principal.scopes, principal.deployments)
    token, _ = comfy.state.gate.tokens.issue(claims, HOURS * 3600)
    answer = RedirectResponse("./", 303)
    root = request.scope.get("root_path", "") or "/"
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, token, HOURS * 3600, path=root, secure=secure, httponly=True, samesite="strict")
    return answer


async def sign_out(request: Request) -> Response:
    """Takes the cookie back."""
    answer = RedirectResponse("./", 303)
    answer.delete_cookie(COOKIE, path=request.scope.get("root_path", "") or "/")
    return answer


def form(message: str = "", status: int = 401) -> Response:
    """The page that asks for a key."""
    shown = message.replace("&", "&amp;").replace("<", "&lt;")
    return HTMLResponse(_FORM.replace("{message}", shown), status, _GUARDS)


routes = (
    Route("/sign-in", sign_in, methods=["POST"]),
    Route("/sign-out", sign_out, methods=["POST"]),
)
