"""Clients of a fake server: nothing to start, no time to wait."""

from typing import Any

from flowscale._client.clients import AsyncFlowScaleClient, FlowScaleClient
from flowscale.testing.server import FakeServer


class MockFlowScaleClient(FlowScaleClient):
    """A real client over a fake server, which is `client.server`."""

    def __init__(self, server: FakeServer | None = None, **options: Any) -> None:
        self.server = server or FakeServer()
        super().__init__(**_options(self.server, options))


class AsyncMockFlowScaleClient(AsyncFlowScaleClient):
    """A real asynchronous client over a fake server, which is `client.server`."""

    def __init__(self, server: FakeServer | None = None, **options: Any) -> None:
        self.server = server or FakeServer()
        super().__init__(**_options(self.server, options))


def _options(server: FakeServer, options: dict[str, Any]) -> dict[str, Any]:
    own = {"api_key": server.api_key, "base_url": server.base_url, "transport": server, "clock": server.clock}
    return {**own, **options}
