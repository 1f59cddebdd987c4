"""Answers in ComfyUI's shapes."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from flowscale_runtime.gateway.errors import ApiError, MalformedBody
from flowscale_runtime.gateway.wire import read_body

LARGEST = 100 << 20  # bytes of a body; said under /features
EMPTY = 200


def reply(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON."""
    return Response(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS), status, headers, "application/json")


def refusal(kind: str, message: str, status: int = 400, **extra: Any) -> Response:
    """An error that isn't about one node."""
    error = {"type": kind, "message": message, "details": "", "extra_info": extra}
    return reply({"error": error, "node_errors": {}}, status)


def failure(error: ApiError) -> Response:
    """One of our errors, where ComfyUI's clients look for theirs."""
    answer = refusal(error.code.lower(), error.message, error.status, **error.details)
    if error.retry_after is not None:
        answer.headers["Retry-After"] = str(max(round(error.retry_after), 1))
    return answer


async def body_of(request: Request) -> dict[str, Any]:
    """The request's JSON object; nothing is an empty one. Raises MalformedBody."""
    data = await read_body(request, LARGEST)
    try:
        given = orjson.loads(data or b"{}")
    except orjson.JSONDecodeError as error:
        raise MalformedBody(f"The body is not valid JSON: {error}") from error
    if not isinstance(given, dict):
        raise MalformedBody("The body must be a JSON object.")
    return given
