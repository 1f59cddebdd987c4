"""What the steps of a pipeline gave, kept in a place so that a restart goes on behind them."""

import asyncio
from typing import Any, cast

from flowscale_jobs.places import Place


class Records:
    """Results by the path of their step."""

    def __init__(self, place: Place) -> None:
        self._place = place

    async def get(self, path: str) -> dict[str, Any] | None:
        """What a step gave: `result`, and `error` where it failed; None where it hasn't ended."""
        found = await asyncio.to_thread(self._place.read_json, _name(path))
        return cast("dict[str, Any] | None", found)

    async def put(self, path: str, given: dict[str, Any]) -> None:
        """Keeps what a step gave."""
        await asyncio.to_thread(self._place.write_json, _name(path), given)


def _name(path: str) -> str:
    return f"steps/{path}.json"
