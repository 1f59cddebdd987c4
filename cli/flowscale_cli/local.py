"""The data folder without a server: its database opened directly, under the lock that a server would hold."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from flowscale_cli.errors import CliError, Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from flowscale_runtime.stores.keys import Key

DATABASE, OWNER = "flowscale.db", "owner.key"


@contextmanager
def opened(data: Path) -> "Iterator[tuple[Connection, Key]]":
    """A connection in a transaction, and the owner key, which names the project. Raises CliError."""
    from flowscale_runtime.stores import keys, migrate
    from flowscale_runtime.stores.database import sqlite_engine
    from flowscale_runtime.stores.exclusive import DataInUse, exclusive

    owner = data / OWNER
    if not (data / DATABASE).is_file() or not owner.is_file():
        raise Unreachable(
            f"no server runs, and none ever served with {data}: start it once, or name it with --data"
        )
    engine = sqlite_engine(data / DATABASE)
    try:
        with exclusive(data), engine.begin() as connection:
            migrate.upgrade(connection)
            key = keys.find(connection, keys.digest(owner.read_text().strip()))
            if key is None:
                raise CliError(
                    f"{owner} doesn't belong to the database beside it: restore both from one backup"
                )
            yield connection, key
    except DataInUse as error:
        raise CliError(f"a process works on {data}, but no server answers for it yet: try again") from error
    finally:
        engine.dispose()
