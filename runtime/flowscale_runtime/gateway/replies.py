"""The one shape of JSON replies: status, data, errors, meta."""

import math
from typing import Any

import orjson
from starlette.responses import Response

from flowscale_runtime.gateway.errors import ApiError

MEDIA_TYPE = "application/json"


def success(
    data: Any, *, status: int = 200, meta: Any = None, headers: dict[str, str] | None = None
) -> Response:
    """A reply that did what was asked."""
    body: dict[str, Any] = {"status": "success", "data": data}
    if meta is not None:
        body["meta"] = meta
    return Response(orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS), status, headers, MEDIA_TYPE)


def failure(error: ApiError) -> Response:
    """A reply that says what was wrong, where, and what to do."""
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(math.ceil(error.retry_after))
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    body = {
        "status": "error",
        "errors": [error.message],
        "error": {"code": error.code, "message": error.message, "details": error.details},
    }
    return Response(orjson.dumps(body, default=str), error.status, headers, MEDIA_TYPE)
