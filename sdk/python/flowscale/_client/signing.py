"""Signed requests, for deployments that demand them.

The signature is the hex HMAC-SHA256, under the signing secret, of method, path with query, Unix time and the
SHA-256 of the body in hex, joined by line breaks. It travels as `X-FlowScale-Signature: v1=...`, its time as
`X-FlowScale-Timestamp`.
"""

import hashlib
import hmac
from collections.abc import Callable, Generator

import httpx


def signature(secret: str, *, method: str, target: str, timestamp: int, body: bytes) -> str:
    """The value of the signature header."""
    message = "\n".join((method.upper(), target, str(timestamp), hashlib.sha256(body).hexdigest()))
    return f"v1={hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()}"


class Signed(httpx.Auth):
    """Signs each request as it leaves, every retry anew."""

    requires_request_body = True

    def __init__(self, secret: str, time: Callable[[], float], base_url: str) -> None:
        self._secret, self._time, self._host = secret, time, httpx.URL(base_url).host

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if request.url.host == self._host:
            now = int(self._time())
            request.headers["X-FlowScale-Timestamp"] = str(now)
            request.headers["X-FlowScale-Signature"] = signature(
                self._secret,
                method=request.method,
                target=request.url.raw_path.decode("ascii"),
                timestamp=now,
                body=request.content,
            )
        yield request
