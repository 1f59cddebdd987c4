"""Which tenant holds which objects: knowing the name of an object gives nobody a right to it."""

from collections.abc import Iterable

from sqlalchemy import Connection, insert, select, update

from flowscale_runtime.stores.tables import holdings

RELEASES = "*"
"""Who holds what releases are made of: no project is called that, and nobody's retention ends it."""


def hold(
    connection: Connection,
    project: str,
    name: str,
    now: int,
    size: int | None = None,
    key_id: str | None = None,
) -> None:
    """A tenant has sent this object of so many bytes, under a key."""
    mine = (holdings.c.project == project) & (holdings.c.object == name)
    if not connection.execute(update(holdings).where(mine).values(at=now)).rowcount:
        given = {"project": project, "object": name, "at": now, "size": size, "key_id": key_id}
        connection.execute(insert(holdings).values(**given))


def held(connection: Connection, project: str, name: str) -> bool:
    """Whether a tenant has sent this object."""
    mine = (holdings.c.project == project) & (holdings.c.object == name)
    return connection.execute(select(holdings.c.at).where(mine)).scalar() is not None


def bundle(connection: Connection, names: Iterable[str], now: int) -> None:
    """Releases that are served, or were, need these objects for good."""
    for name in names:
        hold(connection, RELEASES, name, now)
