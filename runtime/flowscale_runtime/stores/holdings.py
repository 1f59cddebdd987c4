"""Which tenant holds which objects: knowing the name of an object gives nobody a right to it."""

from sqlalchemy import Connection, insert, select, update

from flowscale_runtime.stores.tables import holdings


def hold(connection: Connection, project: str, name: str, now: int) -> None:
    """A tenant has sent this object."""
    mine = (holdings.c.project == project) & (holdings.c.object == name)
    if not connection.execute(update(holdings).where(mine).values(at=now)).rowcount:
        connection.execute(insert(holdings).values(project=project, object=name, at=now))


def held(connection: Connection, project: str, name: str) -> bool:
    """Whether a tenant has sent this object."""
    mine = (holdings.c.project == project) & (holdings.c.object == name)
    return connection.execute(select(holdings.c.at).where(mine)).scalar() is not None
