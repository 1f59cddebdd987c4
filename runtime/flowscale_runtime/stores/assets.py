"""Files that clients bring under names of their own: records of objects, found by id or by content."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from flowscale_runtime.stores.tables import assets


def add(connection: Connection, values: Mapping[str, Any]) -> Row[Any]:
    """Keeps a record; one that has this id already stays as it is and is the answer."""
    known = connection.execute(select(assets).where(assets.c.id == values["id"])).one_or_none()
    if known is not None:
        return known
    connection.execute(insert(assets).values(**values))
    return connection.execute(select(assets).where(assets.c.id == values["id"])).one()


def find(connection: Connection, project: str, asset_id: str) -> Row[Any] | None:
    """A record of a project."""
    return connection.execute(
        select(assets).where(assets.c.project == project, assets.c.id == asset_id)
    ).one_or_none()


def by_hash(connection: Connection, project: str, hash_: str) -> Row[Any] | None:
    """The oldest record of a project with this content."""
    query = select(assets).where(assets.c.project == project, assets.c.hash == hash_)
    return connection.execute(query.order_by(assets.c.created_at, assets.c.id).limit(1)).one_or_none()


def remove(connection: Connection, project: str, asset_id: str) -> bool:
    """Forgets a record; whether there was one. The object stays for whoever else holds it."""
    gone = connection.execute(delete(assets).where(assets.c.project == project, assets.c.id == asset_id))
    return gone.rowcount > 0
