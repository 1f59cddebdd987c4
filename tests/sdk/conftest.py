"""What tests of the client share: one table for both clients, over a fake server."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from flowscale.testing import AsyncMockFlowScaleClient, FakeServer, MockFlowScaleClient


class Bench:
    """A client of either kind and its fake server; calling performs what the method returns."""

    def __init__(self, kind: type, server: FakeServer, **options: Any) -> None:
        self.server, self.client = server, kind(server, **options)
        self.runs = self.client.runs

    def __call__(self, value: Any) -> Any:
        """The value, awaited where it must be."""
        return asyncio.run(_awaited(value)) if inspect.iscoroutine(value) else value

    def all(self, iterator: Any) -> list[Any]:
        return asyncio.run(_collected(iterator)) if hasattr(iterator, "__aiter__") else list(iterator)

    def paths(self) -> list[str]:
        """Method and path of each request so far."""
        return [f"{seen.method} {seen.url.path.removeprefix('/api/v1/')}" for seen in self.server.requests]


async def _awaited(value: Any) -> Any:
    return await value


async def _collected(iterator: Any) -> list[Any]:
    return [item async for item in iterator]


@pytest.fixture(params=[MockFlowScaleClient, AsyncMockFlowScaleClient], ids=["sync", "async"])
def make(request: pytest.FixtureRequest) -> Callable[..., Bench]:
    """Makes a bench; arguments of the server, and `client={...}` for the client."""

    def build(client: dict[str, Any] | None = None, **server: Any) -> Bench:
        return Bench(request.param, FakeServer(**server), **(client or {}))

    return build


@pytest.fixture
def bench(make: Callable[..., Bench]) -> Bench:
    return make()


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own settings decide nothing here."""
    for name in ("API_KEY", "BASE_URL", "TEST_API_KEY", "TEST_BASE_URL"):
        monkeypatch.delenv(f"FLOWSCALE_{name}", raising=False)
