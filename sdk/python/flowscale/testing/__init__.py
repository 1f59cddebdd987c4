"""For tests of code that uses FlowScale: a fake server that speaks the wire contract, and no waiting."""

from flowscale.testing.cases import FlowScaleTestCase
from flowscale.testing.clients import AsyncMockFlowScaleClient, MockFlowScaleClient
from flowscale.testing.clock import FakeClock
from flowscale.testing.forms import FakeUpload
from flowscale.testing.runs import FakeOutput, FakeRun, png
from flowscale.testing.server import FakeServer

__all__ = [
    "AsyncMockFlowScaleClient",
    "FakeClock",
    "FakeOutput",
    "FakeRun",
    "FakeServer",
    "FakeUpload",
    "FlowScaleTestCase",
    "MockFlowScaleClient",
    "png",
]
