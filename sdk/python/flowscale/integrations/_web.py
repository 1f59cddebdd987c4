"""What routes in front of FlowScale share: reading inputs, and which failures a visitor is told."""

import json
from collections.abc import Iterable
from typing import Any

from flowscale.exceptions import FlowScaleError, FlowScaleValidationError

SHOWN = frozenset({400, 402, 404, 408, 409, 410, 413, 415, 422, 429})
"""What is the visitor's business; any other failure lies between your server and FlowScale."""
UPSTREAM = {"code": "UPSTREAM", "message": "FlowScale could not be asked; try again later."}


def shown(error: FlowScaleError) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, body and headers for a failure."""
    if error.status not in SHOWN:
        return 502, UPSTREAM, {}
    headers = {} if error.retry_after is None else {"Retry-After": f"{error.retry_after:g}"}
    return error.status, {"code": error.code, "message": error.message, "details": error.details}, headers


def json_object(body: bytes) -> dict[str, Any]:
    """The inputs of a JSON body."""
    try:
        value = json.loads(body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise FlowScaleValidationError(
            "the body must be a JSON object of inputs", status=422, code="VALIDATION_ERROR"
        )
    return value


def grouped(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The inputs of a form; a name that comes twice is a list."""
    found: dict[str, list[Any]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in found.items()}
