"""Failures on demand: answers that are errors, and answers that never come."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx


@dataclass
class Fault:
    """Hits the next `times` requests whose method and path fit; an empty pattern fits all."""

    times: int
    method: str = ""
    path: str = ""
    response: httpx.Response | None = None
    error: type[httpx.TransportError] | None = None
    after: bool = False
    """Carry the request out first, then lose the answer."""

    def hits(self, request: httpx.Request) -> bool:
        return self.times > 0 and self.method in {"", request.method} and self.path in request.url.path


@dataclass
class Faults:
    """The failures that are still to come."""

    waiting: list[Fault] = field(default_factory=list)

    def take(self, request: httpx.Request) -> Fault | None:
        for fault in self.waiting:
            if fault.hits(request):
                fault.times -= 1
                return fault
        return None


def failure(
    status: int,
    *,
    code: str = "ERROR",
    message: str = "It failed, as the test asked.",
    details: Mapping[str, Any] | None = None,
    retry_after: float | None = None,
) -> httpx.Response:
    """An error in the shape of the wire contract."""
    return httpx.Response(
        status,
        headers={} if retry_after is None else {"Retry-After": f"{retry_after:g}"},
        json={
            "status": "error",
            "errors": [message],
            "error": {"code": code, "message": message, "details": dict(details or {})},
        },
    )


def success(data: Any, **more: Any) -> httpx.Response:
    """A success in the shape of the wire contract."""
    return httpx.Response(200, json={"status": "success", "data": data, **more})
