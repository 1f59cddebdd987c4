"""What gateways ask of workers: whether a graph can run here; and to give back memory."""

import asyncio
import logging
from typing import Any

import orjson

from flowscale_runtime.engines.values import Environment
from flowscale_runtime.stores.bus import Bus
from flowscale_runtime.stores.errors import StoreError
from flowscale_runtime.stores.objects import Objects
from flowscale_runtime.stores.values import Event
from flowscale_runtime.worker.apart import Apart
from flowscale_runtime.worker.pool import Pool

log = logging.getLogger(__name__)
SHORT = 4_000  # bytes that an event carries itself


class Answering:
    """Answers for one deployment, whose nodes are those of `environment`."""

    def __init__(
        self, bus: Bus, pool: Pool, environment: Environment, objects: Objects, apart: Apart, deployment: str
    ) -> None:
        self._bus, self._pool, self._environment = bus, pool, environment
        self._objects, self._apart, self._deployment = objects, apart, deployment

    async def run(self) -> None:
        """Answers until cancelled."""
        async with asyncio.TaskGroup() as group:
            with self._bus.whole() as follower:
                while True:
                    for event in await follower.next():
                        if event.data.get("deployment") != self._deployment:
                            continue
                        if event.type == "ask":
                            group.create_task(self._answer(event))
                        elif event.type == "forget":
                            self._pool.forget()

    async def _answer(self, asked: Event) -> None:
        try:
            found = await self._checked(asked)
        except (StoreError, ValueError, OSError) as error:
            log.warning("a graph can't be checked: %s", error)
            found = {"broken": str(error)}
        text = orjson.dumps(found)
        said: dict[str, Any] = {"text": text.decode()}
        if len(text) > SHORT:
            said = {"object": await asyncio.to_thread(self._objects.put, text)}
        self._bus.say(Event(asked.run_id, 0, "answer", said))

    async def _checked(self, asked: Event) -> dict[str, Any]:
        question = orjson.loads(await asyncio.to_thread(self._objects.get, asked.data["object"]))
        folders = await asyncio.to_thread(self._apart.make, asked.run_id, question.pop("files", {}))
        try:
            return await self._pool.check(self._environment, {**question, "folders": folders})
        finally:
            await asyncio.to_thread(self._apart.drop, asked.run_id)
