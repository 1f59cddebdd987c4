"""One gateway process: REST, events and webhooks over stores that it shares with other gateways and with workers."""

import asyncio
import gc
import json
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import uuid_utils
import uvicorn
from fastapi import FastAPI

from flowscale_runtime import beside
from flowscale_runtime.clock import now
from flowscale_runtime.gateway.app import create_app
from flowscale_runtime.gateway.assembly import assemble
from flowscale_runtime.gateway.catalog import Served
from flowscale_runtime.gateway.comfyui import elsewhere
from flowscale_runtime.gateway.comfyui.elsewhere import Workers
from flowscale_runtime.gateway.comfyui.hub import Hub
from flowscale_runtime.gateway.comfyui.service import Comfy
from flowscale_runtime.gateway.comfyui.shelf import SharedShelf
from flowscale_runtime.gateway.comfyui.tree import Tree
from flowscale_runtime.gateway.internal import Internal
from flowscale_runtime.gateway.rates import LeasedRates
from flowscale_runtime.gateway.state import State
from flowscale_runtime.gateway.webhooks import tell_updates
from flowscale_runtime.processes.opening import open_database, open_direct, open_objects
from flowscale_runtime.processes.watching import Watch, folder_watch, resource_watch
from flowscale_runtime.repository.workflows import Workflows
from flowscale_runtime.stores import keys, migrate, presence
from flowscale_runtime.stores import settings as shared
from flowscale_runtime.stores.bus import Bus
from flowscale_runtime.stores.database import Database
from flowscale_runtime.stores.relay import Relay
from flowscale_runtime.tracing.spans import open_tracer
from flowscale_runtime.wiring import keep_file, leave, together

log = logging.getLogger(__name__)
LOOK_EVERY = 2.0  # seconds between two looks at what workers tell


@dataclass(frozen=True, slots=True)
class Settings:
    """How a gateway serves: the specs of a `folder`, or the resources of a `namespace`.

    `internal_token` opens /internal/v1 to controllers ("" closes it), `owner_key` is an owner's API key that is to be
    valid; where there is none and the project has no key, one is made and kept in `data`. `grpc_port` is where the Open
    Inference Protocol answers over gRPC (None: nowhere; 0: any free port). `direct` says how callers reach the bucket:
    not at all (""), as this process does ("yes"), or by an endpoint.
    """

    database: str
    objects: str
    data: Path
    folder: Path | None = None
    namespace: str = "default"
    environment: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    internal_token: str = ""
    owner_key: str = ""
    allow_private_urls: bool = False
    grace: float = 30.0
    grpc_port: int | None = None
    direct: str = ""


def serve(settings: Settings) -> None:
    """Serves until a signal ends it. Raises WrongAddress."""
    open_database(settings.database)  # here, what is wrong is told to a person, as what is wrong below
    for name in ("hosts", "inputs", "definitions"):
        (settings.data / name).mkdir(parents=True, exist_ok=True)
    open_objects(settings.objects, settings.data)
    open_direct(settings.objects, settings.direct)
    config = uvicorn.Config(
        create_app(lambda app: running(app, settings, rpc), shared=True),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=int(settings.grace),
    )
    listener = config.bind_socket()
    host, port = listener.getsockname()[:2]
    rpc = beside.reserved(settings.host, settings.grpc_port)
    facts = {"url": f"http://{host}:{port}", "pid": os.getpid(), "key_file": str(settings.data / "owner.key")}
    facts |= {"grpc_address": beside.address(rpc)} if rpc else {}
    keep_file(settings.data / "server.json", json.dumps(facts))
    log.warning("listening on %s", facts["url"])
    for wish in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wish, leave)  # the server raises it again when it has ended
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        (settings.data / "server.json").unlink(missing_ok=True)


@dataclass(slots=True)
class Hosts:
    """The host processes of all workers, as they were told last."""

    known: list[dict[str, Any]] = field(default_factory=list)

    async def watch(self, database: Database) -> None:
        """Looks now and then."""
        while True:
            self.known = await database.read(presence.hosts, now())
            await asyncio.sleep(LOOK_EVERY)


@asynccontextmanager
async def running(app: FastAPI, settings: Settings, rpc: socket.socket | None = None) -> AsyncIterator[None]:
    """Everything that runs beside the routes, for as long as the block lasts."""
    data, bus, hosts = settings.data, Bus(), Hosts()
    database = open_database(settings.database)
    await database.write(migrate.upgrade)
    objects = open_objects(settings.objects, data)
    tracer = open_tracer("flowscale-gateway")
    gateway = assemble(
        database,
        objects,
        data,
        bus,
        now,
        link_secret=await database.write(shared.secret, "links"),
        token_secret=await database.write(shared.secret, "tokens"),
        private=settings.allow_private_urls,
        submitted=lambda: None,
        wake=bus.wake,
        hosts=lambda: hosts.known,
        direct=open_direct(settings.objects, settings.direct),
        tracer=tracer,
        rates=LeasedRates(database, now),
    )
    state = app.state.gateway = gateway.state
    name = f"gateway-{socket.gethostname()[:40]}-{uuid_utils.uuid7().hex[-8:]}"
    relay = Relay(settings.database, bus, database, name, state.deliver)
    app.state.internal = Internal(database, bus, state.served, now, settings.internal_token)
    comfy = app.state.comfyui = shared_comfy(state, data)
    watch: Watch
    if settings.folder is None:
        watch = resource_watch(settings.namespace, objects)
    else:
        watch = folder_watch(settings.folder, settings.environment, objects, data)
    parts = [
        *gateway.parts(),
        follow(watch, state.served, settings, database),
        relay.run(),
        hosts.watch(database),
        comfy.hub.run(learn=partial(elsewhere.learn, comfy)),
        elsewhere.look_again(comfy),
    ]
    try:
        async with together(parts), beside.answering(state, rpc):
            await relay.listening.wait()
            yield
            await state.meter.close()
            await relay.settle()
    finally:
        await watch.close()
        await gateway.fetcher.close()
        await database.close()
        tracer.close()


def shared_comfy(state: State, data: Path) -> Comfy:
    """ComfyUI's protocol, where workers of other machines compute."""
    workers = Workers(state)
    return Comfy(
        state=state,
        shelf=SharedShelf(state),
        tree=Tree(data / "comfyui"),
        hub=Hub(state.bus, now, lambda run_id: None),
        hosts=workers,
        describe=workers.describe,
        workflows=Workflows(data / "workflows"),
        shared=True,
    )


async def follow(watch: Watch, served: Served, settings: Settings, database: Database) -> None:
    """Serves what the watch says, now and after each change."""
    async for catalog in watch.catalogs():
        before, served.catalog = served.catalog, catalog
        for problem in catalog.problems:
            if problem not in before.problems:
                log.error("%s", problem)
        if served.ready:
            await tell_updates(database, before, catalog, now())
            continue
        await owner_key(settings, catalog.project, database)
        gc.collect()
        gc.freeze()  # what was imported stays: looking through it again and again would cost every request
        served.ready = True
        log.info("ready", extra={"deployments": sorted(catalog.deployments)})


async def owner_key(settings: Settings, project: str, database: Database) -> None:
    """Sees to it that the project has an owner's key: the one that settings name, else one that is made."""
    if settings.owner_key:
        await database.write(keys.ensure, project, "owner", "owner", settings.owner_key, now())
    elif made := await database.write(keys.first, project, now()):
        path = settings.data / "owner.key"
        keep_file(path, made + "\n")
        log.warning("the owner's API key is %s (kept in %s)", made, path)
