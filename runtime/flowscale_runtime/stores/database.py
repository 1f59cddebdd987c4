"""The database port, and SQLite behind it: one writer that commits what waits together, readers beside it.

Everything that the platform asks of a database is a plain function of a SQLAlchemy connection; `write` runs it in a
transaction, `read` in a snapshot. A write that raises is rolled back alone, also inside a shared commit.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool, SingletonThreadPool

P = ParamSpec("P")
T = TypeVar("T")
Operation = Callable[Concatenate[Connection, P], T]
Done = asyncio.Future[Any]
Job = tuple[Callable[[Connection], Any], Done]


class Database(Protocol):
    """Runs operations; every implementation keeps a write whole and visible to later reads once it returned."""

    async def write(self, operation: Operation[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T: ...

    async def read(self, operation: Operation[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T: ...

    async def close(self) -> None: ...


class SqliteDatabase:
    """SQLite in WAL mode: durable against the death of any process, commits shared by whoever writes at once.

    Writes run on the event loop itself, all that came in one turn of it in one transaction: a write takes less than
    handing it to a thread and back would. What takes long stays off the loop: reads, and copying the log into the
    database file.
    """

    GROUP = 256
    CHECKPOINT_EVERY = 2.0  # seconds

    def __init__(self, path: Path, readers: int = 2) -> None:
        self._engines = [sqlite_engine(path), sqlite_engine(path, pooled=True)]
        self._writer = self._engines[0].connect()
        self._pool = ThreadPoolExecutor(readers, thread_name_prefix="sqlite-read")
        self._waiting: deque[Job] = deque()
        self._closed = threading.Event()
        self._checkpointing = threading.Thread(
            target=self._checkpoint, args=(path,), name="sqlite-checkpoint", daemon=True
        )
        self._checkpointing.start()

    async def write(self, operation: Operation[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._work_off)
        self._waiting.append((lambda connection: operation(connection, *args, **kwargs), done))
        return await done

    async def read(self, operation: Operation[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        def run() -> T:
            with self._engines[1].connect() as connection:
                return operation(connection, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._pool, run)

    async def close(self) -> None:
        while self._waiting:
            self._work_off()
        self._closed.set()
        await asyncio.to_thread(self._checkpointing.join)
        self._pool.shutdown()
        self._writer.close()
        for engine in self._engines:
            engine.dispose()

    def _work_off(self) -> None:
        """Commits what waits, at most a group of it; the rest in the loop's next turn."""
        group = [self._waiting.popleft() for _ in range(min(len(self._waiting), self.GROUP))]
        self._commit(self._writer, group)
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._work_off)

    @staticmethod
    def _commit(connection: Connection, group: list[Job]) -> None:
        try:
            with connection.begin():
                answers = [_attempt(connection, *job, alone=len(group) == 1) for job in group]
        except Exception as error:  # noqa: BLE001  the transaction failed: whoever waits is told
            answers = [partial(_refuse, done, error) for _, done in group]
        for answer in answers:
            answer()

    def _checkpoint(self, path: Path) -> None:
        """Copies the log into the database file now and then, beside the writer."""
        engine = sqlite_engine(path)
        with engine.connect() as connection:
            while not self._closed.wait(self.CHECKPOINT_EVERY):
                connection.connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").close()
        engine.dispose()


def _attempt(
    connection: Connection, operation: Callable[[Connection], Any], done: Done, *, alone: bool
) -> Callable[[], None]:
    """Runs one write of a group; its answer is given after the commit.

    A write that is alone needs no savepoint: where it raises, the transaction itself is rolled back.
    """
    if alone:
        return partial(_resolve, done, operation(connection))
    connection.exec_driver_sql("SAVEPOINT one")
    try:
        result = operation(connection)
    except Exception as error:  # noqa: BLE001  handed to whoever waits for this write
        connection.exec_driver_sql("ROLLBACK TO one")
        return partial(_refuse, done, error)
    finally:
        connection.exec_driver_sql("RELEASE one")
    return partial(_resolve, done, result)


def _resolve(done: Done, result: Any) -> None:
    if not done.done():
        done.set_result(result)


def _refuse(done: Done, error: Exception) -> None:
    if not done.done():
        done.set_exception(error)


def sqlite_engine(path: Path, *, pooled: bool = False) -> Engine:
    """An engine whose transactions are SQLAlchemy's alone, in WAL mode."""
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=SingletonThreadPool if pooled else NullPool,
        connect_args={"timeout": 30, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "temp_store=MEMORY",
            "cache_size=-32000",
            "wal_autocheckpoint=0",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if pooled else "BEGIN IMMEDIATE")

    return engine
