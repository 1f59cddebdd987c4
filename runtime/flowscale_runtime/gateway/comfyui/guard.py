"""Against other sites: a page that somebody else serves must not drive a server on this machine."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from flowscale_runtime.gateway.comfyui.replies import refusal


class Guard:
    """Refuses requests of other sites; `keyed` says that callers show a key."""

    def __init__(self, app: ASGIApp, keyed: bool) -> None:
        self._app, self._keyed = app, keyed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
        elif why := refused(Headers(scope=scope), keyed=self._keyed):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008, "reason": why[:100]})
            else:
                await refusal("cross_site", why, 403)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def refused(headers: Headers, *, keyed: bool) -> str | None:
    """Why a request is refused, if it is.

    A browser says where a page came from. Without keys the name in `Host` must be one of this machine too: a foreign
    name that resolves to it is how pages get around the origin.
    """
    if headers.get("sec-fetch-site") == "cross-site":
        return "Requests from other sites are not taken."
    host, port = split(headers.get("host", ""))
    if not keyed and not local(host):
        return f"The host {host!r} is not taken without keys: use 127.0.0.1."
    origin = headers.get("origin")
    if origin and local(host):
        named, origin_port = split(origin.partition("://")[2])
        if (named, origin_port) != (host, port):
            return f"The origin {origin!r} is not this server."
    return None


def split(authority: str) -> tuple[str, int | None]:
    """Host and port of an authority."""
    try:
        parts = urlsplit(f"//{authority}")
        return (parts.hostname or "").lower(), parts.port
    except ValueError:
        return "", None


def local(host: str) -> bool:
    """Whether a name means this machine alone."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
