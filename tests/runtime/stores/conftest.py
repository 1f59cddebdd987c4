"""A fresh database, and runs to put into it."""

from collections.abc import AsyncIterator, Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from flowscale_runtime.stores import migrate
from flowscale_runtime.stores.database import SqliteDatabase
from flowscale_runtime.stores.values import NewRun

NOW = 1_700_000_000_000_000


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
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
