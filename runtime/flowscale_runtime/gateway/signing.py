"""Signed requests, for deployments that demand them.

`X-FlowScale-Signature: v1=HEX` is the HMAC-SHA256, under the caller's API key, of four lines joined by line breaks: the
method, the path with its query as it was sent, the value of `X-FlowScale-Timestamp` (Unix seconds), and the SHA-256 of
the body in hex; and, where the request has one, the value of `X-FlowScale-Nonce` as a fifth line. Requests that change
something must carry it; a time more than five minutes off is stale, and a signature is taken once.
"""

import hashlib
import hmac

from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from flowscale_runtime.gateway.access import credential
from flowscale_runtime.gateway.catalog import Deployment
from flowscale_runtime.gateway.errors import SignatureRefused
from flowscale_runtime.stores import signatures
from flowscale_runtime.stores.database import Database
from flowscale_runtime.stores.values import SECOND

SIGNATURE, TIMESTAMP, NONCE = "x-flowscale-signature", "x-flowscale-timestamp", "x-flowscale-nonce"
TOLERANCE = 300  # seconds


class Hashed(Request):
    """A request that adds its body up as it is read."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        super().__init__(scope, self._listen)
        self._inner, self._hash = receive, hashlib.sha256()

    async def _listen(self) -> Message:
        message = await self._inner()
        self._hash.update(message.get("body", b""))
        return message

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


def listened(request: Request) -> Request:
    """The request, ready to have its signature checked once its body was read, where it has one."""
    return Hashed(request.scope, request.receive) if SIGNATURE in request.headers else request


async def check(request: Request, deployment: Deployment, database: Database, now: int) -> None:
    """Raises SignatureRefused where the deployment wants a signature and this one is missing, stale, wrong or used."""
    if not deployment.spec.auth.signed:
        return
    used = hashlib.sha256(_checked(request, deployment, now)).hexdigest()
    until = now + 2 * TOLERANCE * SECOND
    if not await database.write(signatures.first, used, until, now):
        raise SignatureRefused("This signature was used before: sign each request anew.", header=SIGNATURE)


def _checked(request: Request, deployment: Deployment, now: int) -> bytes:
    """The signature of a request, found right."""
    if not isinstance(request, Hashed):
        raise SignatureRefused(
            f"Requests to {deployment.name!r} must be signed.", headers=[SIGNATURE, TIMESTAMP]
        )
    timestamp = request.headers.get(TIMESTAMP, "")
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        raise SignatureRefused(f"{TIMESTAMP} must be Unix seconds.", header=TIMESTAMP)
    if abs(int(timestamp) - now / SECOND) > TOLERANCE:
        raise SignatureRefused("The signature is stale: sign each request anew.", tolerance=TOLERANCE)
    nonce = [request.headers[NONCE]] if NONCE in request.headers else []
    lines = (request.method.upper(), target(request), timestamp, request.digest, *nonce)
    wanted = signature(credential(request) or "", *lines)
    if not hmac.compare_digest(wanted, request.headers[SIGNATURE].encode("latin-1", "replace")):
        raise SignatureRefused("The signature is wrong.", header=SIGNATURE)
    return wanted


def signature(key: str, *lines: str) -> bytes:
    """The value of the signature header for what is signed, line by line."""
    message = "\n".join(lines)
    return f"v1={hmac.new(key.encode(), message.encode('latin-1'), hashlib.sha256).hexdigest()}".encode()


def target(request: Request) -> str:
    """The path with its query, as it was sent."""
    path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    query: bytes = request.scope["query_string"]
    return (path.partition(b"?")[0] + (b"?" + query if query else b"")).decode("latin-1")
