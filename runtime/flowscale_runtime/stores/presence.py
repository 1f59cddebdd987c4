"""Which workers are there, and what their host processes do: told by each of them, forgotten after a while."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from flowscale_runtime.stores.tables import workers
from flowscale_runtime.stores.values import SECOND

FRESH = 30 * SECOND
KEPT = 3600 * SECOND


def tell(connection: Connection, name: str, hosts: Sequence[dict[str, Any]], now: int) -> None:
    """A worker is there."""
    values = {"hosts": list(hosts), "seen_at": now}
    if not connection.execute(update(workers).where(workers.c.name == name).values(values)).rowcount:
        connection.execute(insert(workers).values(name=name, **values))
        connection.execute(delete(workers).where(workers.c.seen_at < now - KEPT))


def leave(connection: Connection, name: str) -> None:
    """A worker goes."""
    connection.execute(delete(workers).where(workers.c.name == name))


def hosts(connection: Connection, now: int) -> list[dict[str, Any]]:
    """The host processes of all workers that were seen a moment ago."""
    query = select(workers.c.hosts).where(workers.c.seen_at > now - FRESH).order_by(workers.c.name)
    return [host for found in connection.execute(query).scalars() for host in found]
