"""What every test has: Hypothesis profiles, the choice of slow tests, and a free port."""

import os
import socket
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

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
