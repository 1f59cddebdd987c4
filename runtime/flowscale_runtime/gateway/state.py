"""What every route works with: made once by the wiring, found on the request."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

from starlette.requests import HTTPConnection

from flowscale_runtime.gateway.access import Gate
from flowscale_runtime.gateway.admission import Admission
from flowscale_runtime.gateway.catalog import Served
from flowscale_runtime.gateway.inference.ports import Networks
from flowscale_runtime.gateway.links import Links
from flowscale_runtime.gateway.metering import Meter
from flowscale_runtime.gateway.metrics import Metrics
from flowscale_runtime.gateway.sources import Sources
from flowscale_runtime.stores.bus import Bus
from flowscale_runtime.stores.database import Database
from flowscale_runtime.stores.direct import Direct
from flowscale_runtime.stores.objects import Objects
from flowscale_runtime.stores.parts import FolderParts
from flowscale_runtime.tracing.spans import SILENT, Span, Tracer


async def nothing() -> str:
    """The metrics of an engine that has none."""
    return ""


@dataclass(frozen=True, slots=True)
class State:
    """The gateway's parts. `clock` gives microseconds since the epoch; `hosts` lists host processes,
    `deliver` tells that webhooks wait, `engine` gives the engine's own metrics, `networks` computes passes outside of runs,
    `direct` is the bucket where callers reach it themselves, `tracer` takes spans of requests."""

    served: Served
    database: Database
    objects: Objects
    parts: FolderParts
    bus: Bus
    gate: Gate
    links: Links
    sources: Sources
    admission: Admission
    metrics: Metrics
    meter: Meter
    clock: Callable[[], int]
    wake: Callable[[], None]
    hosts: Callable[[], list[dict[str, Any]]]
    deliver: Callable[[], None]
    engine: Callable[[], Awaitable[str]] = nothing
    networks: Networks | None = None
    direct: Direct | None = None
    tracer: Tracer = SILENT


def context_of(request: HTTPConnection) -> str | None:
    """The trace that a request belongs to."""
    span: Span | None = request.scope.get("span")
    return span.context if span else None


def state_of(request: HTTPConnection) -> State:
    """The gateway's parts, from a request or a WebSocket."""
    return cast("State", request.app.state.gateway)
