"""Events across processes, by LISTEN and NOTIFY: what one process publishes, the followers in all others are told.

Notifications leave after the commit of what they tell, many in one: a notifying commit would make all others wait
for the disk in turn. So a process may die between the two, and a connection may be away for a while. Durable events lie
in their table, and whoever follows a run is told from there what didn't come: after every reconnection, and now and
then.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import psycopg
from sqlalchemy import Connection, select

from flowscale_runtime.stores import events, previews
from flowscale_runtime.stores.bus import WAKE, Bus
from flowscale_runtime.stores.database import Database
from flowscale_runtime.stores.errors import Unavailable
from flowscale_runtime.stores.messages import pack, unpack
from flowscale_runtime.stores.postgres import ALIVE
from flowscale_runtime.stores.tables import runs
from flowscale_runtime.stores.values import Event

log = logging.getLogger(__name__)
CHANNEL = "flowscale"
CHECK_EVERY = 10.0  # seconds between two looks for events that didn't come
REST = 0.3  # seconds before a lost connection is made again
MOST_WAITING = 100_000  # events that are kept for when the connection is back
_NOTIFY = "SELECT pg_notify(%s, text) FROM unnest(%s::text[]) AS text"


class Relay:
    """The bus of one process joined to those of all others. `name` is of this process alone; `reconnected` is called
    when notifications may have been missed."""

    def __init__(
        self, url: str, bus: Bus, database: Database, name: str, reconnected: Callable[[], None]
    ) -> None:
        self._url, self._bus, self._database = url, bus, database
        self._name, self._reconnected = name, reconnected
        self._waiting: deque[Event] = deque(maxlen=MOST_WAITING)
        self._images: dict[str, Event] = {}
        self._work, self.listening = asyncio.Event(), asyncio.Event()
        bus.outlet = self._send

    async def run(self) -> None:
        """Carries events both ways until cancelled."""
        async with asyncio.TaskGroup() as group:
            for part in (self._speak(), self._listen(), self._check_now_and_then()):
                group.create_task(part)

    async def settle(self, patience: float = 2.0) -> None:
        """Returns when all that was published has left, or `patience` seconds are over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while self._waiting or self._images:
                    await asyncio.sleep(0.01)

    def _send(self, event: Event) -> None:
        if event.type == "preview":
            self._images[event.run_id] = event
        else:
            self._waiting.append(event)
        self._work.set()

    async def _speak(self) -> None:
        """Sends what was published, all that waits at once; what a lost connection kept back goes first over a new one."""
        while True:
            try:
                async with await connect(self._url) as connection:
                    while True:
                        await self._work.wait()
                        self._work.clear()
                        await self._show()
                        await self._flush(connection)
            except (psycopg.OperationalError, Unavailable) as error:
                log.warning("events wait for the database: %s", error)
                self._work.set()
                await asyncio.sleep(REST)

    async def _flush(self, connection: psycopg.AsyncConnection) -> None:
        some = list(self._waiting)
        if some:
            await connection.execute(_NOTIFY, (CHANNEL, list(pack(self._name, some))))
            for _ in some:
                self._waiting.popleft()

    async def _show(self) -> None:
        """Writes the latest previews down, and lets others know that they are there."""
        images, self._images = self._images, {}
        for run_id, event in images.items():
            await self._database.write(previews.show, run_id, event.data)
            self._waiting.append(event)

    async def _listen(self) -> None:
        while True:
            try:
                async with await connect(self._url) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    self.listening.set()
                    await self._catch_up()
                    async for notification in connection.notifies():
                        await self._take(notification.payload)
            except (psycopg.OperationalError, Unavailable) as error:
                log.warning("listening for events again: %s", error)
                await asyncio.sleep(REST)

    async def _catch_up(self) -> None:
        self._bus.receive(WAKE)
        self._reconnected()
        await self._check()

    async def _take(self, text: str) -> None:
        for event, whole in unpack(text, self._name):
            if event.type == "preview":
                await self._take_preview(event)
            elif whole:
                self._bus.receive(event)
            elif event.sequence:
                await self._tell({event.run_id: event.sequence - 1})

    async def _take_preview(self, event: Event) -> None:
        if self._bus.shown(event.run_id) and (data := await self._database.read(previews.seen, event.run_id)):
            self._bus.receive(Event(event.run_id, 0, "preview", data))

    async def _check_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(CHECK_EVERY)
            with suppress(Unavailable):
                await self._check()

    async def _check(self) -> None:
        """Tells what followers should have heard and didn't."""
        if followed := self._bus.followed():
            there = await self._database.read(_sequences, list(followed))
            await self._tell(
                {run_id: told for run_id, told in followed.items() if there.get(run_id, 0) > told}
            )

    async def _tell(self, behind: dict[str, int]) -> None:
        for run_id, told in behind.items():
            for event in await self._database.read(events.since, run_id, told):
                self._bus.receive(event)


def _sequences(connection: Connection, run_ids: Sequence[str]) -> dict[str, int]:
    query = select(runs.c.id, runs.c.sequence).where(runs.c.id.in_(run_ids))
    return {row.id: row.sequence for row in connection.execute(query)}


async def connect(url: str) -> psycopg.AsyncConnection:
    """A connection of our own, that notices when the server is gone."""
    options: dict[str, Any] = {"connect_timeout": 5, "application_name": "flowscale-events", **ALIVE}
    return await psycopg.AsyncConnection.connect(url, autocommit=True, **options)
