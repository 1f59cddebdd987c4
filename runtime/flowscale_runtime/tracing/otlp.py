"""Spans over OTLP: OpenTelemetry's own SDK, told by its own variables where to send them, how many and under which name."""

import os
from typing import Any

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from flowscale_runtime.tracing.spans import Kind, Span

HEADER = "traceparent"
_KINDS = {kind.name.lower(): kind for kind in SpanKind}
_propagator = TraceContextTextMapPropagator()


class Otlp:
    """Sends spans in batches from a thread of its own."""

    on = True

    def __init__(self, service: str) -> None:
        named = {} if os.environ.get("OTEL_SERVICE_NAME") else {"service.name": service}
        self._provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("flowscale")

    def begin(
        self, name: str, parent: str | None, kind: Kind = "internal", at: int | None = None, **attributes: Any
    ) -> Span:
        """Begins a span in the trace of `parent`, or a new one."""
        around = _propagator.extract({HEADER: parent} if parent else {})
        span = self._tracer.start_span(
            name,
            context=around,
            kind=_KINDS[kind],
            attributes=dotted(attributes),
            start_time=None if at is None else at * 1000,
        )
        return _Open(span)

    def close(self) -> None:
        """Sends what is left."""
        self._provider.shutdown()


class _Open:
    """A span of the SDK."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span
        carrier: dict[str, str] = {}
        _propagator.inject(carrier, trace.set_span_in_context(span))
        self.context = carrier.get(HEADER)

    def name(self, name: str) -> None:
        self._span.update_name(name)

    def note(self, **attributes: Any) -> None:
        self._span.set_attributes(dotted(attributes))

    def end(self, error: str | None = None, at: int | None = None) -> None:
        if error is not None:
            self._span.set_status(Status(StatusCode.ERROR, error))
        self._span.end(None if at is None else at * 1000)


def dotted(attributes: dict[str, Any]) -> dict[str, Any]:
    """Attributes by the names that OpenTelemetry gives them: `http_route` is `http.route`."""
    return {
        name.replace("__", "-").replace("_", ".").replace("-", "_"): value
        for name, value in attributes.items()
    }
