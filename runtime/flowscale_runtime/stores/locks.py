"""Locks by name for what no row stands for, held until the transaction ends.

SQLite has one writer, so there every transaction holds all of them already.
"""

import hashlib

from sqlalchemy import BigInteger, Connection, bindparam, func, select

_LOCK = select(func.pg_advisory_xact_lock(bindparam("key", type_=BigInteger)))


def lock(connection: Connection, *names: str) -> None:
    """Waits until nobody else holds any of these; several are taken in one order, so that nobody waits in a circle."""
    if connection.dialect.name == "postgresql":
        for key in sorted({_number(name) for name in names}):
            connection.execute(_LOCK, {"key": key})


def _number(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)
