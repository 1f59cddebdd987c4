"""Signatures that were seen: a signed request is taken once."""

from typing import Any

from sqlalchemy import Connection, delete

from flowscale_runtime.stores.tables import signatures


def first(connection: Connection, digest: str, until: int, now: int) -> bool:
    """Remembers a signature until it is stale anyway; False where it was seen before. Times are microseconds."""
    from sqlalchemy.dialects import postgresql, sqlite  # 70 ms that only signed requests need

    insert: Any = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}[connection.dialect.name]
    connection.execute(delete(signatures).where(signatures.c.expires_at <= now))
    values = {"digest": digest, "expires_at": until}
    written = insert(signatures).values(**values).on_conflict_do_nothing()
    return connection.execute(written.returning(signatures.c.digest)).scalar() is not None
