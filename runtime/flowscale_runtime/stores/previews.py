"""The latest preview image of running runs, where a notification is too small for one."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from flowscale_runtime.stores.tables import RUNNING, previews, runs


def show(connection: Connection, run_id: str, data: Mapping[str, Any]) -> None:
    """Keeps the latest preview of a run."""
    values = {name: data[name] for name in ("node_id", "content_type", "image")}
    if not connection.execute(update(previews).where(previews.c.run_id == run_id).values(values)).rowcount:
        connection.execute(insert(previews).values(run_id=run_id, **values))


def seen(connection: Connection, run_id: str) -> dict[str, Any] | None:
    """The latest preview of a run."""
    query = select(previews.c.node_id, previews.c.content_type, previews.c.image)
    row = connection.execute(query.where(previews.c.run_id == run_id)).mappings().one_or_none()
    return dict(row) if row else None


def sweep(connection: Connection) -> None:
    """Forgets the previews of runs that don't run any more."""
    connection.execute(delete(previews).where(previews.c.run_id.not_in(select(runs.c.id).where(RUNNING))))
