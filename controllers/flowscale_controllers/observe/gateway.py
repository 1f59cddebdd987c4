"""The gateway's internal routes: a stream of demand, and budgets when asked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import httpx

from flowscale_controllers.errors import GatewayLost

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SILENCE = 30.0
"""Seconds without a word after which a stream counts as lost: the gateway speaks every ten."""


class Gateway:
    """A client of `/internal/v1`."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.AsyncClient(
            base_url=f"{url.rstrip('/')}/internal/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(10.0, read=SILENCE),
            trust_env=False,
        )

    async def demand(self) -> AsyncIterator[dict[str, Any]]:
        """Each telling of demand. Raises GatewayLost when the stream ends, for whatever reason."""
        try:
            async with self._http.stream("GET", "/demand") as reply:
                reply.raise_for_status()
                async for line in reply.aiter_lines():
                    if line.startswith("data:"):
                        yield json.loads(line.removeprefix("data:"))
        except (httpx.HTTPError, ValueError) as error:
            raise GatewayLost(f"the stream of demand broke: {error or type(error).__name__}") from error
        raise GatewayLost("the gateway ended the stream of demand")

    async def budgets(self) -> dict[str, Any]:
        """All budgets. Raises GatewayLost."""
        try:
            reply = await self._http.get("/budgets")
            reply.raise_for_status()
            return cast("dict[str, Any]", reply.json())
        except (httpx.HTTPError, ValueError) as error:
            raise GatewayLost(f"budgets can't be read: {error or type(error).__name__}") from error

    async def close(self) -> None:
        await self._http.aclose()
