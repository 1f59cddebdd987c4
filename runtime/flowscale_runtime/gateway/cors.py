"""CORS, by the rules of the deployment that a request is for; closed where none names the page's origin."""

import re

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from flowscale_runtime.gateway.catalog import Catalog
from flowscale_runtime.gateway.state import State
from flowscale_runtime.stores import queries
from flowscale_specs.resolved import ResolvedCors

_OF_RUN = re.compile(r"/api/v1/runs/(?!output$|batch(?:/|$))(?P<run>[^/]+)")
_HEADERS = (
    *(
        "authorization",
        "cache-control",
        "content-type",
        "idempotency-key",
        "last-event-id",
        "prefer",
        "upload-offset",
    ),
    *("x-api-key", "x-flowscale-nonce", "x-flowscale-signature", "x-flowscale-timestamp", "x-request-id"),
)
_EXPOSED = "location, retry-after, upload-length, upload-offset, x-request-id"
Headers = list[tuple[bytes, bytes]]


async def rules(state: State, request: Request, origin: str) -> ResolvedCors | None:
    """What holds for this page and this request; None where the page may not call.

    A request names its deployment by query, host or run. Where it names none (a list, a file), the rules are those of
    the first deployment that lets this page in.
    """
    catalog = state.served.catalog
    name = await _deployment(state, request, catalog)
    named = catalog.deployments.get(name or "")
    meant = [named] if named else catalog.deployments.values()
    return next((one.spec.cors for one in meant if allows(one.spec.cors, origin)), None)


def allows(cors: ResolvedCors, origin: str) -> bool:
    """Whether a page of this origin may call."""
    return origin in cors.origins or "*" in cors.origins


def headers(cors: ResolvedCors, origin: str) -> Headers:
    """What tells the browser that the page may read a reply."""
    found = [
        (b"access-control-allow-origin", origin.encode("latin-1", "replace")),
        (b"access-control-expose-headers", _EXPOSED.encode()),
        (b"vary", b"origin"),
    ]
    return [*found, (b"access-control-allow-credentials", b"true")] if cors.credentials else found


def preflight(cors: ResolvedCors | None) -> Response:
    """The answer to a browser that asks before it sends."""
    if cors is None:
        return Response(status_code=403)
    return Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
            "Access-Control-Allow-Headers": ", ".join((*_HEADERS, *(name.lower() for name in cors.headers))),
            "Access-Control-Max-Age": str(int(cors.max_age)),
        },
    )


async def _deployment(state: State, request: Request, catalog: Catalog) -> str | None:
    query = QueryParams(request.scope["query_string"])
    if hinted := catalog.hinted(query.get("workflow_id"), request.headers.get("host", "")):
        return hinted.name
    if match := _OF_RUN.match(request.scope["path"]):
        return await state.database.read(queries.deployment_of, match["run"])
    return None
