"""What every test has: Hypothesis profiles, the choice of slow tests, a free port, and a Kubernetes API."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from harness.control_plane import ControlPlane

settings.register_profile("dev", max_examples=25, deadline=None)
settings.register_profile(
    "ci",
    max_examples=200,
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--slow",
        choices=("none", "sample", "all"),
        default="all",
        help="which tests marked slow run: none, the first of each file, or all (default)",
    )


def pytest_itemcollected(item: pytest.Item) -> None:
    """Whatever asks for the Kubernetes API starts servers."""
    if "control_plane" in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.services)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselects slow tests as --slow asks."""
    choice = config.getoption("--slow")
    if choice == "all":
        return
    sampled: set[object] = set()
    left_out = []
    for item in items:
        if item.get_closest_marker("slow"):
            if choice == "none" or item.path in sampled:
                left_out.append(item)
            sampled.add(item.path)
    items[:] = [item for item in items if item not in set(left_out)]
    config.hook.pytest_deselected(items=left_out)


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Gives a TCP port of this machine that nothing listens on, another one at each call."""

    def pick() -> int:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            return int(listener.getsockname()[1])

    return pick


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[ControlPlane]":
    """A Kubernetes API for all tests, which take a namespace each: `control_plane.namespace()`."""
    from harness import control_plane, programs

    programs.need("etcd", "kube-apiserver", "kubectl")
    folder: Path = tmp_path_factory.mktemp("control-plane")
    with control_plane.ControlPlane(folder) as running:
        yield running
