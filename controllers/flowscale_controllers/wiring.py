"""The `flowscale controllers` process, put together here alone: election, watches, the gateway's streams, the loop, probes."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lightkube import AsyncClient

from flowscale_controllers.actuate.cluster import Actuator
from flowscale_controllers.actuate.leases import Leadership
from flowscale_controllers.actuate.messages import Messages
from flowscale_controllers.errors import SettingMissing
from flowscale_controllers.loops.contention import Contention
from flowscale_controllers.loops.control import Control
from flowscale_controllers.loops.metrics import Metrics
from flowscale_controllers.observe.cluster import Cluster
from flowscale_controllers.observe.gateway import Gateway
from flowscale_controllers.probes import Probes

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How controllers run. `lease` is the seconds for which a lease is held without a renewal."""

    namespace: str
    gateway: str
    token: str
    port: int = 8000
    lease: float = 15.0
    messages: tuple[str, ...] = ()
    fixed_nodes: bool = False
    """Whether the cluster has the nodes that it has, and gets no more by itself."""


def settings_of(environ: Mapping[str, str]) -> Settings:
    """The settings of the environment. Raises SettingMissing."""
    return Settings(
        namespace=_needed(environ, "FLOWSCALE_NAMESPACE"),
        gateway=_needed(environ, "FLOWSCALE_GATEWAY"),
        token=_needed(environ, "FLOWSCALE_INTERNAL_TOKEN"),
        port=int(_said(environ, "FLOWSCALE_CONTROLLERS_PORT") or 8000),
        lease=float(_said(environ, "FLOWSCALE_LEASE_SECONDS") or 15.0),
        messages=tuple((_said(environ, "FLOWSCALE_MESSAGES") or "").split()),
        fixed_nodes=_said(environ, "FLOWSCALE_GPU_NODES") == "fixed",
    )


def run(settings: Settings) -> None:
    """Runs until SIGTERM or Ctrl-C; the lease is given up at the end, so that the next process needn't wait."""
    asyncio.run(_run(settings))


async def _run(settings: Settings) -> None:
    metrics, ended = Metrics(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for wish in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wish, ended.set)
    async with AsyncClient(namespace=settings.namespace) as client:
        gateway = Gateway(settings.gateway, settings.token)
        leadership = Leadership(client, settings.namespace, _identity(), settings.lease)
        actuator = Actuator(client, settings.namespace, leadership.check)

        def changed(name: str) -> None:
            control.changed(name)

        cluster = Cluster(client, settings.namespace, changed, nodes=settings.fixed_nodes)
        control = Control(
            cluster,
            gateway,
            actuator,
            leadership,
            Messages(settings.messages),
            metrics,
            Contention(fixed=settings.fixed_nodes),
        )
        probes = Probes(
            settings.port, metrics, lambda: all(store.synced.is_set() for store in cluster.stores)
        )
        parts = [leadership.run(), control.listen(), control.watch_budgets(), control.run()]
        try:
            with probes:
                await _together([*parts, *(store.run() for store in cluster.stores)], ended)
        finally:
            await leadership.release()
            await gateway.close()


async def _together(parts: list[object], ended: asyncio.Event) -> None:
    """Runs all parts until the end is wished; a part that breaks ends the process, and a whole one is started."""
    tasks = [asyncio.ensure_future(part) for part in parts]  # type: ignore[call-overload]
    waiting = asyncio.ensure_future(ended.wait())
    try:
        done, _ = await asyncio.wait([*tasks, waiting], return_when=asyncio.FIRST_COMPLETED)
        for task in done - {waiting}:
            await task
    finally:
        for task in (*tasks, waiting):
            task.cancel()
        await asyncio.gather(*tasks, waiting, return_exceptions=True)


def _identity() -> str:
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def _said(environ: Mapping[str, str], name: str) -> str | None:
    """A setting, or the content of the file that `NAME_FILE` names."""
    if path := environ.get(f"{name}_FILE"):
        return Path(path).read_text().strip()
    return environ.get(name)


def _needed(environ: Mapping[str, str], name: str) -> str:
    value = _said(environ, name)
    if not value:
        raise SettingMissing(
            f"{name} is not set: controllers need it, or {name}_FILE with the path of a file"
        )
    return value
