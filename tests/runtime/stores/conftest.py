"""A fresh database, and runs to put into it."""

from collections.abc import AsyncIterator, Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from flowscale_runtime.stores import migrate
from flowscale_runtime.stores.database import Database, SqliteDatabase
from flowscale_runtime.stores.postgres import PostgresDatabase
from flowscale_runtime.stores.values import NewRun

NOW = 1_700_000_000_000_000


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.services)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database of each kind: what holds for one holds for the other."""
    if request.param == "postgres":
        database: Database = PostgresDatabase(request.getfixturevalue("postgres_url"), size=4)
    else:
        database = SqliteDatabase(tmp_path / "test.db")
        await database.write(migrate.upgrade)
    yield database
    await database.close()


@pytest.fixture
def new_run() -> Callable[..., NewRun]:
    numbers = count(1)

    def make(**changes: Any) -> NewRun:
        number = next(numbers)
        values: dict[str, Any] = {
            "id": f"run-{number}",
            "project": "studio",
            "deployment": "portrait",
            "workflow": "portrait",
            "version": "1.0.0",
            "release": "sha256:" + "0" * 64,
            "environment": "env",
            "inputs": [{"path": "text_1", "value": "a cat"}],
            "output_names": {"9": f"filename_prefix_9_{number:010d}"},
            "suffix": f"{number:010d}",
            "timeout": 60.0,
            "gpu": "L4",
            "price": 3_600_000,  # a micro-dollar a millisecond, so that costs are easy to read
        }
        return NewRun(**(values | changes))

    return make
