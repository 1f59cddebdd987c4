"""One process that serves a folder: gateway, worker and stores on SQLite and a folder, put together here alone."""

import asyncio
import gc
import json
import logging
import os
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
import psutil
import uvicorn
from fastapi import FastAPI

from flowscale_runtime import beside, picking
from flowscale_runtime.clock import now
from flowscale_runtime.engines.values import Environment
from flowscale_runtime.gateway.app import create_app
from flowscale_runtime.gateway.assembly import assemble
from flowscale_runtime.gateway.catalog import Served
from flowscale_runtime.gateway.comfyui import application as comfyui
from flowscale_runtime.gateway.comfyui import guard
from flowscale_runtime.gateway.comfyui.hub import Hub
from flowscale_runtime.gateway.comfyui.progress import Prompt
from flowscale_runtime.gateway.comfyui.service import DEPLOYMENT, Comfy
from flowscale_runtime.gateway.comfyui.shelf import LocalShelf
from flowscale_runtime.gateway.comfyui.tree import Tree
from flowscale_runtime.gateway.folder import Description, SpecFolder
from flowscale_runtime.gateway.webhooks import tell_updates
from flowscale_runtime.models.opening import open_models
from flowscale_runtime.packs.provision import Provision
from flowscale_runtime.repository.workflows import Workflows
from flowscale_runtime.stores import keys, migrate, prompts, queue
from flowscale_runtime.stores.bus import Bus
from flowscale_runtime.stores.database import SqliteDatabase
from flowscale_runtime.stores.exclusive import exclusive
from flowscale_runtime.stores.objects import FolderObjects
from flowscale_runtime.tracing.spans import open_tracer
from flowscale_runtime.worker.agent import Agent
from flowscale_runtime.worker.jobs import Jobs
from flowscale_runtime.worker.pool import Pool
from flowscale_specs import SpecErrors

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """How a folder is served on one machine.

    `workers` bounds host processes (0: as many as the machine has cores, at least 2), `memory` is the share of the
    machine's memory that one run may take where its deployment says nothing, `grace` the seconds that runs get when
    the server stops. `comfyui_port` is where ComfyUI's protocol has the root of a server of its own, without keys where
    `host` is this machine (None: it is under /comfy alone); `comfyui_users` keeps
    the settings and files of its users apart. `engine` is what computes: one of `picking.ENGINES`. `grpc_port` is where
    the Open Inference Protocol answers over gRPC (None: nowhere; 0: any free port).
    """

    folder: Path
    data: Path
    environment: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 0
    memory: float = 0.75
    grace: float = 10.0
    allow_private_urls: bool = False
    comfyui_port: int | None = None
    comfyui_users: bool = False
    engine: str = "inprocess"
    grpc_port: int | None = None


def serve(settings: Settings) -> None:
    """Serves a folder until a signal ends it. Raises EngineMissing."""
    picking.engine(settings.engine)  # here, what is missing is told to a person
    settings.data.mkdir(parents=True, exist_ok=True)
    with exclusive(settings.data):
        config = uvicorn.Config(
            create_app(lambda app: running(app, settings, second, rpc)),
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=int(settings.grace),
        )
        first = config.bind_socket()
        host, port = first.getsockname()[:2]
        second = None
        if settings.comfyui_port is not None:
            second = beside.listener(settings.host, settings.comfyui_port)
        rpc = beside.reserved(settings.host, settings.grpc_port)
        _announce(settings, f"http://{host}:{port}", second, rpc)
        for wish in (signal.SIGTERM, signal.SIGINT):
            signal.signal(wish, leave)  # the server raises it again when it has ended
        try:
            uvicorn.Server(config).run(sockets=[first])
        finally:
            (settings.data / "server.json").unlink(missing_ok=True)


def leave(*_: object) -> None:
    """Ends the process as a signal asked."""
    raise SystemExit(0)


@asynccontextmanager
async def running(
    app: FastAPI, settings: Settings, second: socket.socket | None = None, rpc: socket.socket | None = None
) -> AsyncIterator[None]:
    """All that runs beside the routes while the block lasts; `second` is for ComfyUI's clients, `rpc` for gRPC's."""
    data, bus = settings.data, Bus()
    for name in ("inputs", "hosts", "definitions"):
        (data / name).mkdir(parents=True, exist_ok=True)
    database = SqliteDatabase(data / "flowscale.db")
    await database.write(migrate.upgrade)
    objects = FolderObjects(data / "objects")
    engine = picking.engine(settings.engine)
    size = settings.workers or max(os.cpu_count() or 1, 2)
    pool = Pool(data / "hosts", data / "inputs", size, picking.hosts(engine))
    tree, private = Tree(data / "comfyui"), dict[str, dict[str, Any]]()
    models = open_models(data)
    jobs = Jobs(objects, data / "inputs", tree.folders, private, models)
    memory = int(psutil.virtual_memory().total * settings.memory)
    tracer = open_tracer("flowscale")
    agent = Agent("local", database, objects, jobs, pool, bus, now, memory, tracer=tracer)
    gateway = assemble(
        database,
        objects,
        data,
        bus,
        now,
        link_secret=_secret(data / "links.key"),
        token_secret=_secret(data / "tokens.key"),
        private=settings.allow_private_urls,
        submitted=agent.wake,
        wake=agent.wake,
        hosts=agent.status,
        engine=engine.metrics,
        networks=engine,
        tracer=tracer,
    )
    state = app.state.gateway = gateway.state
    hub = Hub(bus, now, lambda run_id: private.pop(run_id, None))
    comfy = app.state.comfyui = Comfy(
        state=state,
        shelf=LocalShelf(tree),
        tree=tree,
        hub=hub,
        hosts=pool,
        describe=lambda wanted: described(wanted, pool, data),
        workflows=Workflows(settings.folder),
        private=private,
        several=settings.comfyui_users,
    )
    bus.publish((await database.write(queue.recover, now(), everything=True)).events)
    specs = SpecFolder(
        settings.folder,
        settings.environment,
        objects,
        lambda wanted: describe(wanted, pool, data),
        models,
        Provision(data / "packs"),
    )
    parts = [
        *gateway.parts(),
        agent.run(),
        follow(specs, state.served, pool, agent, data, database),
        hub.run(await waiting(database)),
    ]
    if second is not None:
        parts.append(on_its_own(comfy, second, keyed=not guard.local(settings.host)))
    try:
        async with together(parts), beside.answering(state, rpc):
            try:
                yield
            finally:
                await agent.drain(settings.grace)
                await state.meter.close()
    finally:
        await pool.close()
        await engine.close()
        await gateway.fetcher.close()
        models.cache.close()
        tracer.close()
        await database.close()


async def on_its_own(comfy: Comfy, place: socket.socket, *, keyed: bool) -> None:
    """ComfyUI's protocol at the root of a server of its own."""
    await beside.serve(comfyui.application(lambda: comfy, keyed=keyed, page=True), place)


@asynccontextmanager
async def together(parts: Iterable[Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Runs the parts of the server beside each other until the block ends."""
    tasks = [asyncio.create_task(part) for part in parts]
    for task in tasks:
        task.add_done_callback(_fail_loudly)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _fail_loudly(task: asyncio.Task[None]) -> None:
    """A part that breaks ends the server: whoever supervises it starts a whole one."""
    if not task.cancelled() and (error := task.exception()):
        log.critical("a part of the server broke", exc_info=error)
        os.kill(os.getpid(), signal.SIGTERM)


async def follow(
    specs: SpecFolder, served: Served, pool: Pool, agent: Agent, data: Path, database: SqliteDatabase
) -> None:
    """Serves what the folder says, now and after each change; specs that are wrong leave what is served."""
    await refresh(specs, served, pool, agent)
    await owner_key(data / "owner.key", served.catalog.project, database)
    gc.collect()
    gc.freeze()  # what was imported stays: looking through it again and again would cost every request
    served.ready = True
    log.info("ready", extra={"deployments": sorted(served.catalog.deployments)})
    async for _ in specs.changes():
        before = served.catalog
        await refresh(specs, served, pool, agent)
        await tell_updates(database, before, served.catalog, now())


async def refresh(specs: SpecFolder, served: Served, pool: Pool, agent: Agent) -> None:
    """One look at the folder."""
    try:
        catalog = await specs.load()
    except SpecErrors as errors:
        problems = tuple(str(error) for error in errors.errors)
        served.catalog = replace(served.catalog, problems=problems)
    else:
        served.catalog = catalog
        pool.use(catalog.environments())
        agent.wake()
    for problem in served.catalog.problems:
        log.error("%s", problem)


async def describe(environment: Environment, pool: Pool, data: Path) -> Description:
    """The nodes of an environment: from the last time that a host said so, else from a host that is started now."""
    kept = data / "definitions" / f"{environment.name}.json"
    if environment.comfyui:  # who may have other nodes the next time
        known = await pool.describe(environment)
    elif kept.is_file():
        known = orjson.loads(kept.read_bytes())
    else:
        known = await pool.describe(environment)
        if not known["failures"]:  # what a pack lacked may be there the next time
            await asyncio.to_thread(kept.write_bytes, orjson.dumps(known))
    found = known["definitions"], known["packs"], tuple(known["failures"]), known.get("web", {})
    return Description(*found)


async def described(environment: Environment, pool: Pool, data: Path) -> Description:
    """The same, kept parsed for the environment that is asked for last."""
    if environment.name not in _described:
        found = await describe(environment, pool, data)
        _described.clear()
        _described[environment.name] = found
    return _described[environment.name]


_described: dict[str, Description] = {}


async def waiting(database: SqliteDatabase) -> list[Prompt]:
    """The prompts of ComfyUI's clients that an earlier process left in the queue."""
    rows = await database.read(prompts.everyones, DEPLOYMENT)
    return [Prompt(row.id, row.group_id, queued=True) for row in rows]


async def owner_key(path: Path, project: str, database: SqliteDatabase) -> None:
    """The owner's key, made at the first start and kept where only this user reads it."""
    if not path.is_file():
        _, key = await database.write(keys.create, project, "owner", "owner", now())
        keep_file(path, key + "\n")
        log.warning("the owner's API key is %s (kept in %s)", key, path)


def _secret(path: Path) -> str:
    if not path.is_file():
        keep_file(path, secrets.token_urlsafe(32))
    return path.read_text()


def keep_file(path: Path, text: str) -> None:
    """Writes a file that only this user reads, whole or not at all."""
    aside = path.with_suffix(".new")
    aside.unlink(missing_ok=True)
    aside.touch(mode=0o600)
    aside.write_text(text)
    aside.rename(path)


def _announce(settings: Settings, url: str, second: socket.socket | None, rpc: socket.socket | None) -> None:
    facts = {"url": url, "pid": os.getpid(), "key_file": str(settings.data / "owner.key")}
    if rpc is not None:
        facts["grpc_address"] = beside.address(rpc)
    if second is not None:
        host, port = second.getsockname()[:2]
        facts["comfyui_url"] = f"http://{host}:{port}"
        log.warning("ComfyUI's clients are served on %s", facts["comfyui_url"])
    keep_file(settings.data / "server.json", json.dumps(facts))
    log.warning("listening on %s", url)
