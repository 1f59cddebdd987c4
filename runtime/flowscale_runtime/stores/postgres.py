"""PostgreSQL behind the database port: operations run in threads, each on a connection of a pool.

What another process may have changed meanwhile is tried again from the start: operations are plain functions of a
connection, and nothing of a failed try stays. A server that restarts or fails over is waited for.
"""

import asyncio
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import uuid_utils
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from flowscale_runtime.clock import now
from flowscale_runtime.stores.database import Operation, P, T
from flowscale_runtime.stores.errors import Unavailable

PATIENCE = 30.0  # seconds that a server which is away is waited for
TRIES = 8  # of a transaction that others got in the way of
# serialization failure, deadlock, and a unique value that somebody else wrote a moment before
CONFLICTS = frozenset({"40001", "40P01", "23505"})
# shutting down, crashed, starting up, recovering, read-only after a fail-over, too many connections
AWAY = frozenset({"57P01", "57P02", "57P03", "25006", "53300"})
SESSION = (
    "-c statement_timeout=30s -c lock_timeout=20s -c idle_in_transaction_session_timeout=60s -c timezone=UTC"
)
ALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20_000}


class PostgresDatabase:
    """A pool of `size` connections. Reads see a snapshot; writes see what others have committed."""

    def __init__(self, url: str, *, size: int = 16, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._pool = ThreadPoolExecutor(size, thread_name_prefix="postgres")
        self._writer = engine(url, size)
        self._reader = self._writer.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    async def write(self, operation: Operation[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._run(self._write, lambda connection: operation(connection, *args, **kwargs))

    async def read(self, operation: Operation[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._run(self._read, lambda connection: operation(connection, *args, **kwargs))

    async def close(self) -> None:
        await asyncio.to_thread(self._pool.shutdown)
        self._writer.dispose()

    async def _run(self, how: Callable[..., T], operation: Callable[[Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, how, operation)

    def _read(self, operation: Callable[[Connection], T]) -> T:
        def attempt() -> T:
            with self._reader.connect() as connection:
                return operation(connection)

        return self._persist(attempt)

    def _write(self, operation: Callable[[Connection], T]) -> T:
        commit = Commit(self._writer)
        return self._persist(lambda: commit.attempt(operation))

    def _persist(self, attempt: Callable[[], T]) -> T:
        """Tries until it works, the error is final, or patience ends."""
        conflicts, until = 0, time.monotonic() + self._patience
        while True:
            try:
                return attempt()
            except DBAPIError as error:
                conflict = _state(error) in CONFLICTS
                conflicts += conflict
                if not conflict and not away(error):
                    raise
                if conflicts >= TRIES:
                    raise
                if time.monotonic() > until:
                    raise Unavailable(_reason(error)) from error
                time.sleep(_pause(conflicts if conflict else 4))


class Commit:
    """One write, that may take several tries: where a connection broke while it was committed, its own mark in the
    database tells whether it was, so that nothing happens twice and nothing is taken for done that isn't.

    The number of a transaction can't tell: a server that crashed gives it to another one.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._doubtful: str | None = None
        self._result: Any = None

    def attempt(self, operation: Callable[[Connection], T]) -> T:
        """Tries once."""
        with self._engine.connect() as connection:
            if self._doubtful and _committed(connection, self._doubtful):
                return self._result  # type: ignore[no-any-return]
            self._doubtful = None
            self._result = operation(connection)
            mark = {"token": uuid_utils.uuid7().hex, "at": now()}
            self._doubtful = connection.execute(_MARK_IF_WRITTEN, mark).scalar()
            connection.commit()
            return self._result  # type: ignore[no-any-return]


_MARK_IF_WRITTEN = text(
    "INSERT INTO commits (token, at) SELECT CAST(:token AS varchar), CAST(:at AS bigint)"
    " WHERE pg_current_xact_id_if_assigned() IS NOT NULL RETURNING token"
)
_MARK_AGAIN = text(
    "INSERT INTO commits (token, at) VALUES (CAST(:token AS varchar), CAST(:at AS bigint))"
    " ON CONFLICT DO NOTHING RETURNING token"
)


def _committed(connection: Connection, token: str) -> bool:
    """Whether a write was committed: then its mark can't be made again. One that still ends is waited for."""
    made = connection.execute(_MARK_AGAIN, {"token": token, "at": now()}).scalar()
    connection.rollback()
    return made is None


def engine(url: str, size: int) -> Engine:
    """An engine for a `postgresql://` address, through psycopg, with timeouts on every session."""
    address = make_url(url).set(drivername="postgresql+psycopg")
    options: dict[str, Any] = {
        "options": SESSION,
        "connect_timeout": 5,
        "application_name": "flowscale",
        **ALIVE,
    }
    return create_engine(address, pool_size=size, max_overflow=0, pool_recycle=1800, connect_args=options)


def away(error: DBAPIError) -> bool:
    """Whether the server couldn't be reached, or is about to come or go."""
    return error.connection_invalidated or _state(error) in AWAY or _state(error) is None


def _pause(doublings: int) -> float:
    """Seconds until the next try, spread so that those who were in each other's way don't meet again."""
    return random.uniform(0.005, 0.015) * float(2**doublings)  # noqa: S311  nothing secret


def _state(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def _reason(error: DBAPIError) -> str:
    said = str(error.orig).strip().splitlines()
    return f"the database can't be reached: {said[0] if said else type(error.orig).__name__}"
