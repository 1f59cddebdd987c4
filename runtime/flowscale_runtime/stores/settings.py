"""What all processes of an installation share, made by whoever comes first."""

import secrets

from sqlalchemy import Connection, insert, select

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
