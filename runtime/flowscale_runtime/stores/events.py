"""Durable events of runs: ordered, appended in the transaction of what they tell."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select

from flowscale_runtime.stores.tables import events
from flowscale_runtime.stores.values import Event

_INSERT = insert(events)


def append(
    connection: Connection, run_id: str, sequence: int, kind: str, data: Mapping[str, Any], now: int
) -> Event:
    """Writes one event under the sequence number that the run's row gave out."""
    event = Event(run_id, sequence, kind, dict(data))
    row = {"run_id": run_id, "sequence": sequence, "type": kind, "data": event.data, "at": now}
    connection.execute(_INSERT, row)
    return event


def since(connection: Connection, run_id: str, sequence: int) -> list[Event]:
    """The events of a run after a sequence number, in order."""
    rows = connection.execute(
        select(events.c.sequence, events.c.type, events.c.data)
        .where(events.c.run_id == run_id, events.c.sequence > sequence)
        .order_by(events.c.sequence)
    )
    return [Event(run_id, *row) for row in rows]
