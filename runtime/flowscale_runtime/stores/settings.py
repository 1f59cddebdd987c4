"""What all processes of an installation share, made by whoever comes first."""

import secrets

from sqlalchemy import Connection, insert, select, update

from flowscale_runtime.stores.locks import lock
from flowscale_runtime.stores.tables import settings


def secret(connection: Connection, name: str) -> str:
    """A secret of this name: links and tokens that one gateway signs are good at every other."""
    query = select(settings.c.value).where(settings.c.name == name)
    if (found := connection.execute(query).scalar()) is None:
        lock(connection, f"setting {name}")
        if (found := connection.execute(query).scalar()) is None:
            found = secrets.token_urlsafe(32)
            connection.execute(insert(settings).values(name=name, value=found))
    return found


def value(connection: Connection, name: str) -> str | None:
    """What was put down under this name."""
    return connection.execute(select(settings.c.value).where(settings.c.name == name)).scalar()


def values(connection: Connection, start: str) -> dict[str, str]:
    """What was put down under names that begin like this, by name."""
    query = select(settings.c.name, settings.c.value).where(
        settings.c.name.startswith(start, autoescape=True)
    )
    return {row.name: row.value for row in connection.execute(query)}


def put(connection: Connection, name: str, text: str) -> None:
    """Puts something down under a name. Whoever does it holds a lock of their own."""
    mine = settings.c.name == name
    if not connection.execute(update(settings).where(mine).values(value=text)).rowcount:
        connection.execute(insert(settings).values(name=name, value=text))
