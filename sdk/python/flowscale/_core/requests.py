"""What is sent and what comes back, as plain values."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias

from flowscale.files import File, Source

SAFE_METHODS = frozenset({"GET", "HEAD", "DELETE", "PUT"})


@dataclass(frozen=True)
class JsonBody:
    """A JSON document, already encoded: a second try sends the same bytes."""

    content: bytes

    @classmethod
    def of(cls, value: Any) -> Self:
        return cls(json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode())


@dataclass(frozen=True)
class FormBody:
    """A multipart form: texts and files, in order; its boundary is fixed, so a second try equals it."""

    fields: tuple[tuple[str, str | File], ...]
    boundary: str


@dataclass(frozen=True)
class FileBody:
    """The bytes of a file as they are, and how many there are."""

    source: Source
    size: int


Body: TypeAlias = JsonBody | FormBody | FileBody


@dataclass(frozen=True)
class Request:
    """One request; `path` is relative to `/api/v1/`, or a whole URL."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body | None = None
    read_timeout: float | None = None
    with_key: bool = True

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice does what sending it once does."""
        return self.method in SAFE_METHODS or "Idempotency-Key" in self.headers


@dataclass(frozen=True)
class Reply:
    """One answer; `stream` is set only for an open stream of events."""

    status: int
    headers: Mapping[str, str]
    content: bytes = b""
    stream: Any = None


@dataclass(frozen=True)
class Event:
    """One server-sent event."""

    name: str
    data: str
    id: str = ""


def query(**values: Any) -> tuple[tuple[str, str], ...]:
    """Query parameters of the values that are given; a list becomes a repeated parameter."""
    return tuple(
        (name, item.isoformat() if hasattr(item, "isoformat") else str(item))
        for name, value in values.items()
        for item in (value if isinstance(value, (list, tuple)) else (value,))
        if item is not None
    )
