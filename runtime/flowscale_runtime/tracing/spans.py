"""What is traced, whoever takes it: spans that begin and end here, and spans of what is over. Nothing of it costs anything
where nobody listens; then a caller's context is only passed on.

A context is the text of W3C's header `traceparent`. Times are microseconds since the epoch.
"""

import os
import re
from collections.abc import Mapping
from typing import Any, Literal, Protocol

Kind = Literal["internal", "server", "client", "producer", "consumer"]
_CONTEXT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


class Span(Protocol):
    """Something that takes time. `context` is what others continue."""

    @property
    def context(self) -> str | None: ...

    def name(self, name: str) -> None: ...

    def note(self, **attributes: Any) -> None: ...

    def end(self, error: str | None = None, at: int | None = None) -> None: ...


class Tracer(Protocol):
    """Where spans go."""

    @property
    def on(self) -> bool: ...

    def begin(
        self, name: str, parent: str | None, kind: Kind = "internal", at: int | None = None, **attributes: Any
    ) -> Span: ...

    def close(self) -> None: ...


class _Passing:
    """No span: the context of the caller goes on."""

    def __init__(self, context: str | None) -> None:
        self.context = context

    def name(self, name: str) -> None: ...

    def note(self, **attributes: Any) -> None: ...

    def end(self, error: str | None = None, at: int | None = None) -> None: ...


class Silent:
    """Nobody listens."""

    on = False

    def begin(
        self, name: str, parent: str | None, kind: Kind = "internal", at: int | None = None, **attributes: Any
    ) -> Span:
        """Passes the context on."""
        return _Passing(parent)

    def close(self) -> None:
        """Nothing is open."""


SILENT = Silent()


def open_tracer(service: str, environment: Mapping[str, str] = os.environ) -> Tracer:
    """What the variables of OpenTelemetry say: spans of this service over OTLP, or nothing."""
    off = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    if off or environment.get("OTEL_TRACES_EXPORTER") == "none" or not any(map(environment.get, ENDPOINTS)):
        return SILENT
    from flowscale_runtime.tracing.otlp import Otlp  # takes a fifth of a second to import

    return Otlp(service)


def context_of(header: str | None) -> str | None:
    """A caller's `traceparent`, if it is one."""
    return header if header and len(header) < 200 and _CONTEXT.match(header) else None


def trace_of(context: str | None) -> str | None:
    """The id of the trace that a context belongs to."""
    return context.split("-")[1] if context else None
