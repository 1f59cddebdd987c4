"""Whether anything is traced, and what a caller's context is."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowscale_runtime.tracing.spans import SILENT, context_of, open_tracer, trace_of

CONTEXT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"},
        {"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"},
    ],
)
def test_nothing_is_traced_unless_an_exporter_is_configured(environment):
    assert open_tracer("test", environment) is SILENT


def test_where_nobody_listens_a_context_is_passed_on():
    span = SILENT.begin("anything", CONTEXT)
    span.end()
    assert span.context == CONTEXT


def test_the_library_is_not_loaded_where_nobody_listens():
    code = (
        "import sys; from flowscale_runtime.tracing.spans import open_tracer; open_tracer('x', {});"
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_context_names_its_trace():
    assert trace_of(context_of(CONTEXT)) == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert trace_of(context_of(None)) is None


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        CONTEXT.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0" * 32),
        CONTEXT.replace("00f067aa0ba902b7", "0" * 16),
        CONTEXT.replace("00-", "ff-", 1),
        CONTEXT.upper(),
        CONTEXT + "-" + "x" * 500,
    ],
)
def test_what_is_no_context_is_ignored(header):
    assert context_of(header) is None


@given(st.text())
def test_any_header_can_come(header):
    assert context_of(header) is None or trace_of(context_of(header))
