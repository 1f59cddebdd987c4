"""A namespace for each test, with the definitions of the custom resources."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowscale_specs.resources import definitions
from harness import sinks
from harness.controllers import InternalGateway, Place


@pytest.fixture
def place(control_plane: Any, tmp_path: Path) -> Iterator[Place]:
    control_plane.install(definitions())
    gateway = InternalGateway()
    gateway.spend(0)
    found = Place(control_plane, control_plane.namespace(), gateway, tmp_path)
    yield found
    for each in found.started:
        each.kill()
    gateway.close()


@pytest.fixture
def sink() -> Iterator[sinks.Sink]:
    """Where messages to people arrive."""
    with sinks.listening() as found:
        yield found
