"""A worker with real host processes, whose nodes misbehave on purpose."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from flowscale_runtime.clock import now
from flowscale_runtime.engines.triton.engine import TritonEngine
from flowscale_runtime.engines.values import Environment
from flowscale_runtime.stores import migrate, queries, submission
from flowscale_runtime.stores.bus import Bus
from flowscale_runtime.stores.database import SqliteDatabase
from flowscale_runtime.stores.objects import FolderObjects
from flowscale_runtime.stores.values import TERMINAL, NewRun
from flowscale_runtime.worker.agent import Agent
from flowscale_runtime.worker.host import ProcessEngine
from flowscale_runtime.worker.jobs import Jobs
from flowscale_runtime.worker.pool import Pool
from flowscale_runtime.worker.ports import Engine
from harness.triton import installation

PACK = Path(__file__).parent / "misbehaving"


@dataclass
class Bench:
    """One worker and its stores."""

    database: SqliteDatabase
    objects: FolderObjects
    bus: Bus
    pool: Pool
    agent: Agent
    environment: Environment

    async def submit(self, behaviour: str, **changes: Any) -> str:
        """Submits a run of the node that does `behaviour`."""
        graph = {
            "1": {
                "class_type": "Misbehave",
                "inputs": {"behaviour": behaviour},
                "_meta": {"title": "Naughty"},
            }
        }
        interface = {"inputs": [], "outputs": [{"name": "filename_prefix_1", "node_id": "1", "type": "text"}]}
        release = self.objects.put(orjson.dumps({"graph": graph, "interface": interface}))
        number = f"{time.monotonic_ns():020d}"[-10:]
        values: dict[str, Any] = {
            "id": f"run-{number}",
            "project": "p",
            "deployment": "d",
            "workflow": "w",
            "version": "1.0.0",
            "release": f"sha256:{release}",
            "environment": self.environment.name,
            "inputs": [],
            "output_names": {"1": f"filename_prefix_1_{number}"},
            "suffix": number,
            "timeout": 30.0,
            "gpu": "CPU",
            "price": 0,
        }
        run = NewRun(**(values | changes))
        with self.bus.follow(run.id):
            submitted = await self.database.write(submission.submit, run, now())
            self.bus.publish(submitted.events)
        self.agent.wake()
        return run.id

    async def row(self, run_id: str) -> Any:
        return await self.database.read(queries.run, "p", run_id)

    async def end(self, run_id: str) -> Any:
        """The row of a run once it has ended."""
        with self.bus.follow(run_id) as follower:
            while (row := await self.row(run_id)).state not in TERMINAL:
                await follower.next()
            return row

    async def state(self, run_id: str, wanted: str) -> None:
        """Returns when the run is in a state."""
        with self.bus.follow(run_id) as follower:
            while (await self.row(run_id)).state != wanted:
                await follower.next()


@pytest.fixture(params=["inprocess", pytest.param("triton", marks=pytest.mark.triton)])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Every engine that a worker can have: what holds for one holds for all."""
    return TritonEngine(installation()) if request.param == "triton" else ProcessEngine()


@pytest.fixture
async def bench(tmp_path: Path, engine: Engine) -> AsyncIterator[Bench]:
    for name in ("inputs", "hosts"):
        (tmp_path / name).mkdir()
    database, bus = SqliteDatabase(tmp_path / "test.db"), Bus()
    await database.write(migrate.upgrade)
    objects = FolderObjects(tmp_path / "objects")
    environment = Environment("env-test", (PACK,), warm=())
    pool = Pool(tmp_path / "hosts", tmp_path / "inputs", size=2, make=engine.host)
    pool.use([environment])
    agent = Agent("test", database, objects, Jobs(objects, tmp_path / "inputs"), pool, bus, now)
    loop = asyncio.create_task(agent.run())
    yield Bench(database, objects, bus, pool, agent, environment)
    await agent.drain(grace=0)
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    await pool.close()
    await engine.close()
    await database.close()
