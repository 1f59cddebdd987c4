"""One part of a start in a fresh process; prints its seconds.

python startup_parts.py imports|database|specs|host FOLDER
"""

import asyncio
import importlib
import sys
import tempfile
import time
from pathlib import Path


def imports(folder: Path) -> float:
    """Everything that `flowscale serve` imports."""
    started = time.perf_counter()
    for name in ("flowscale_cli.main", "flowscale_cli.serve", "flowscale_runtime.wiring"):
        importlib.import_module(name)

    return time.perf_counter() - started


def database(folder: Path) -> float:
    """A new SQLite file with the tables."""
    from flowscale_runtime.stores import migrate
    from flowscale_runtime.stores.database import SqliteDatabase

    async def make(path: Path) -> float:
        started = time.perf_counter()
        opened = SqliteDatabase(path)
        await opened.write(migrate.upgrade)
        seconds = time.perf_counter() - started
        await opened.close()
        return seconds

    with tempfile.TemporaryDirectory() as data:
        return asyncio.run(make(Path(data) / "flowscale.db"))


def specs(folder: Path) -> float:
    """The folder's specs loaded and resolved."""
    from flowscale_specs import load, resolve

    started = time.perf_counter()
    resolve(load(folder))
    return time.perf_counter() - started


def host(folder: Path) -> tuple[float, float]:
    """A host process: until it has said which nodes there are, and until torch is in it."""
    from flowscale_runtime.gateway.environments import of_folder
    from flowscale_runtime.worker.host import ProcessHost

    async def start(data: Path) -> tuple[float, float]:
        started = time.perf_counter()
        made = ProcessHost(of_folder(folder), data / "hosts", data)
        await made.start()
        await made.definitions
        described = time.perf_counter() - started
        await made.ready
        ready = time.perf_counter() - started
        await made.close()
        return described, ready

    with tempfile.TemporaryDirectory() as data:
        return asyncio.run(start(Path(data)))


PARTS = {"imports": imports, "database": database, "specs": specs, "host": host}

if __name__ == "__main__":
    found = PARTS[sys.argv[1]](Path(sys.argv[2]))
    print(*(found if isinstance(found, tuple) else (found,)))
