"""One worker process: claims runs of a deployment, has them computed here, and goes when it is told to."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
import psutil
import uuid_utils

from flowscale_runtime import picking
from flowscale_runtime.clock import now
from flowscale_runtime.engines.values import Environment
from flowscale_runtime.models.errors import ModelError
from flowscale_runtime.models.opening import open_models
from flowscale_runtime.processes.opening import open_database, open_objects
from flowscale_runtime.stores import migrate, nodes, presence, queries
from flowscale_runtime.stores.bus import Bus
from flowscale_runtime.stores.database import Database
from flowscale_runtime.stores.errors import StoreError
from flowscale_runtime.stores.relay import Relay
from flowscale_runtime.tracing.spans import open_tracer
from flowscale_runtime.wiring import together
from flowscale_runtime.worker.agent import Agent
from flowscale_runtime.worker.answering import Answering
from flowscale_runtime.worker.apart import Apart
from flowscale_runtime.worker.health import answering
from flowscale_runtime.worker.jobs import Jobs
from flowscale_runtime.worker.pool import Pool

log = logging.getLogger(__name__)
SHARED = "shared"
"""The environment of runs that any worker of their deployment may take."""
PROMPTS = "comfyui"
"""The deployment that prompts of ComfyUI's clients run under."""
WAKING = frozenset({"queued", "wake"})
PREFETCHED = 2
"""Releases whose weights are fetched before the worker is ready: what is served, and what is tried beside it."""
TELL_EVERY = 5.0  # seconds between two tellings of what the hosts do


@dataclass(frozen=True, slots=True)
class Settings:
    """How a worker works. `deployment` is the only one whose runs it takes; `custom_nodes` and `models` are folders that
    its hosts load; `engine` is what computes: one of `picking.ENGINES`, but where `comfyui` names servers; `workers` bounds host processes; `memory` is the
    share of the machine's memory that one run may take where its deployment says nothing; `grace` the seconds that runs
    get when the process is told to end; `health` is an address, HOST:PORT, that answers probes.
    """

    deployment: str
    database: str
    objects: str
    data: Path
    custom_nodes: tuple[Path, ...] = ()
    models: tuple[Path, ...] = ()
    engine: str = "inprocess"
    comfyui: tuple[str, ...] = ()
    workers: int = 1
    memory: float = 0.75
    grace: float = 30.0
    health: str = ""


def work(settings: Settings) -> None:
    """Works until a signal ends the process. Raises EngineMissing, WrongAddress."""
    picking.engine(settings.engine)  # here, what is missing is told to a person, as what is wrong is below
    open_database(settings.database)
    for name in ("inputs", "hosts"):
        (settings.data / name).mkdir(parents=True, exist_ok=True)
    asyncio.run(_work(settings))


async def _work(settings: Settings) -> None:
    ended = asyncio.Event()
    for wish in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(wish, ended.set)
    ready = asyncio.Event()
    async with answering(settings.health, ready.is_set), running(settings) as agent:
        ready.set()
        log.warning("working for %s as %s", settings.deployment, agent.name)
        await ended.wait()
        ready.clear()
        log.warning("draining: %s runs", len(agent.status()))


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Agent]:
    """A worker at work until the block ends; then its runs get the time to end that settings grant."""
    database, bus = open_database(settings.database), Bus()
    await database.write(migrate.upgrade)
    objects = open_objects(settings.objects, settings.data)
    engine = picking.engine(settings.engine)
    pool = Pool(settings.data / "hosts", settings.data / "inputs", settings.workers, picking.hosts(engine))
    environment = Environment(SHARED, settings.custom_nodes, settings.models, comfyui=settings.comfyui)
    pool.use([environment])
    apart = Apart(settings.data / "apart", objects)
    jobs = Jobs(objects, settings.data / "inputs", models=open_models(settings.data), apart=apart)
    memory = int(psutil.virtual_memory().total * settings.memory)
    tracer = open_tracer("flowscale-worker")
    agent = Agent(name(), database, objects, jobs, pool, bus, now, memory, settings.deployment, tracer)
    relay = Relay(settings.database, bus, database, agent.name, agent.wake)
    try:
        if not environment.comfyui:
            await pool.describe(environment)  # the first host is warm before the first run comes
            await prefetch(database, jobs, environment, settings.deployment)
        parts = [agent.run(), relay.run(), heed(bus, agent, settings.deployment), tell(database, agent)]
        if settings.deployment == PROMPTS:
            described = orjson.dumps(await pool.describe(environment))
            name_of = await asyncio.to_thread(objects.put, described)
            answering_ = Answering(bus, pool, environment, objects, apart, PROMPTS)
            parts += [answering_.run(), tell_nodes(database, name_of)]
        async with together(parts):
            try:
                yield agent
            finally:
                await agent.drain(settings.grace)
                await relay.settle()
                await database.write(presence.leave, agent.name)
    finally:
        await pool.close()
        await engine.close()
        await database.close()
        tracer.close()


async def prefetch(database: Database, jobs: Jobs, environment: Environment, deployment: str) -> None:
    """Has the weights here of the releases that wait or ran last: they are what comes next."""
    for release in await database.read(queries.newest_releases, deployment, PREFETCHED):
        try:
            await jobs.load(release, environment)
        except (ModelError, StoreError) as error:
            log.warning("release %s: %s", release, error)


def name() -> str:
    """A name that no other worker has: the machine's, and this process's."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}-{uuid_utils.uuid7().hex[-6:]}"


async def heed(bus: Bus, agent: Agent, deployment: str) -> None:
    """Wakes the agent where a run of its deployment may wait, whoever put it there."""
    with bus.follow(None) as follower:
        while True:
            for event in await follower.next():
                if event.type in WAKING and event.data.get("deployment", deployment) == deployment:
                    agent.wake()


async def tell_nodes(database: Database, description: str) -> None:
    """Tells now and then that prompts of ComfyUI's clients find a worker here, and with which nodes."""
    while True:
        await database.write(nodes.tell, PROMPTS, description, now())
        await asyncio.sleep(TELL_EVERY)


async def tell(database: Database, agent: Agent) -> None:
    """Tells now and then that this worker is there, and what its hosts do."""
    while True:
        await database.write(presence.tell, agent.name, agent.status(), now())
        await asyncio.sleep(TELL_EVERY)
