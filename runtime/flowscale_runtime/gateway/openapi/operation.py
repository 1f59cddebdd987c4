"""A route of the API as data: what it takes, what it answers, and which right it needs."""

from dataclasses import dataclass, field

from flowscale_runtime.gateway.openapi.notation import (
    MAP,
    NUMBER,
    TEXT,
    WHOLE,
    Schema,
    many,
    optional,
    record,
    said,
)

JSON, ZIP, EVENTS, BYTES = (
    "application/json",
    "application/zip",
    "text/event-stream",
    "application/octet-stream",
)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. `scope` None needs no key; `errors` are statuses beside those that every route has."""

    method: str
    path: str
    tag: str
    summary: str
    scope: str | None
    data: Schema | None = None
    meta: Schema | None = None
    query: dict[str, Schema] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    headers: dict[str, Schema] = field(default_factory=dict)
    body: Schema | None = None
    media: tuple[str, ...] = (JSON,)
    status: int = 200
    more: tuple[int, ...] = ()
    errors: tuple[int, ...] = ()


PAGE: dict[str, Schema] = {
    "page": {**WHOLE, "minimum": 1, "default": 1},
    "page_size": {**WHOLE, "minimum": 1, "maximum": 100, "default": 10},
}
PAGE_META = record(page=WHOLE, page_size=WHOLE, total_count=WHOLE, total_pages=WHOLE)
WAIT = said({**NUMBER, "minimum": 0, "maximum": 300}, "Seconds to wait for the end before replying.")
PRIORITY: Schema = {**NUMBER, "minimum": -100, "maximum": 100}
TTL = said(
    {**NUMBER, "minimum": 0.001, "maximum": 30 * 86400},
    "Seconds after which a run that hasn't started is dropped.",
)
KEY = {
    "Idempotency-Key": said(
        {**TEXT, "minLength": 1, "maxLength": 255},
        "The same key and body replay the reply; another body is 409.",
    )
}
FRESH = {"Cache-Control": said(TEXT, "`no-cache` computes the run, even where its answer is known.")}
START = (400, 402, 409, 413, 415, 422, 429)
SENT = (400, 413)
OPTIONS: dict[str, Schema] = optional(
    group_id=TEXT,
    wait=WAIT,
    webhook=TEXT,
    tags={"anyOf": [many(TEXT), MAP]},
    priority=PRIORITY,
    ttl=TTL,
)["properties"]
