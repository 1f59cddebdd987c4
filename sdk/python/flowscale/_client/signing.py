"""Signed requests, for deployments that demand them.

The signature is the hex HMAC-SHA256, under the signing secret, of method, path with query, Unix time, the SHA-256 of
the body in hex and a nonce, joined by line breaks. It travels as `X-FlowScale-Signature: v1=...`, its time as
`X-FlowScale-Timestamp`, the nonce as `X-FlowScale-Nonce`: a server takes each signature once.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Generator

import httpx


def signature(secret: str, *, method: str, target: str, timestamp: int, body: bytes, nonce: str) -> str:
    """The value of the signature header."""
    digest = hashlib.sha256(body).hexdigest()
    message = "\n".join((method.upper(), target, str(timestamp), digest, nonce))
    return f"v1={hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()}"


class Signed(httpx.Auth):
    """Signs each request as it leaves, every retry anew."""

    requires_request_body = True

    def __init__(self, secret: str, time: Callable[[], float], base_url: str) -> None:
        self._secret, self._time, self._host = secret, time, httpx.URL(base_url).host

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if request.url.host == self._host:
            now, nonce = int(self._time()), secrets.token_hex(16)
            request.headers["X-FlowScale-Timestamp"] = str(now)
            request.headers["X-FlowScale-Nonce"] = nonce
            request.headers["X-FlowScale-Signature"] = signature(
                self._secret,
                method=request.method,
                target=request.url.raw_path.decode("ascii"),
                timestamp=now,
                body=request.content,
                nonce=nonce,
            )
        yield request
