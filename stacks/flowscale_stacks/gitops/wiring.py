"""The process of git sync: settings into parts, and the loop until it is told to end."""

from __future__ import annotations

import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from prometheus_client import start_http_server

from flowscale_stacks.gitops.cluster_status import ClusterStatus, line
from flowscale_stacks.gitops.decisions import Memory, Rhythm
from flowscale_stacks.gitops.delivering import Delivery
from flowscale_stacks.gitops.following import Follower
from flowscale_stacks.gitops.metrics import Metrics
from flowscale_stacks.gitops.repository import Repository
from flowscale_stacks.gitops.status import Everyone
from flowscale_stacks.operations import Choice
from flowscale_stacks.reading.errors import ReadingError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import FrameType

    from flowscale_stacks.gitops.forge import Forge
    from flowscale_stacks.gitops.status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What git sync is told when it starts."""

    url: str
    branch: str
    path: str
    home: Path
    environment: str | None = None
    target: str | None = None
    namespace: str | None = None
    """Where the status ConfigMap is; None for no ConfigMap."""
    context: str | None = None
    signers: Path | None = None
    interval: float = 2.0
    rhythm: Rhythm = field(default_factory=Rhythm)
    choice: Choice = field(default_factory=Choice)
    images: Mapping[str, str] = field(default_factory=dict)
    metrics_port: int | None = None
    forge: Forge | None = None


class Log:
    """Tells the person who reads the log: a line of JSON for each status."""

    def hear(self, status: Status) -> None:
        sys.stderr.write(f"{line(status)}\n")
        sys.stderr.flush()


def follower(settings: Settings, metrics: Metrics) -> Follower:
    """The parts, put together."""
    known = (
        ClusterStatus(
            namespace=settings.namespace,
            name=f"flowscale-gitops-{settings.environment or 'default'}",
            context=settings.context,
        )
        if settings.namespace
        else None
    )
    return Follower(
        branch=Repository(
            url=settings.url, branch=settings.branch, home=settings.home, signers=settings.signers
        ),
        path=settings.path,
        delivery=Delivery(
            environment=settings.environment,
            target=settings.target,
            choice=settings.choice,
            images=settings.images,
        ),
        listener=Everyone.of((Log(), metrics, known, settings.forge)),
        rhythm=settings.rhythm,
        clock=time.time,
        interval=settings.interval,
        memory=_remembered(known),
    )


def follow(settings: Settings) -> None:
    """Follows until SIGTERM or Ctrl-C; a reconciliation that is under way ends first."""
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    metrics = Metrics()
    if settings.metrics_port is not None:
        start_http_server(settings.metrics_port, registry=metrics.registry)
    following = follower(settings, metrics)
    while not ended.is_set():
        ended.wait(following.turn())


def _remembered(known: ClusterStatus | None) -> Memory:
    """What an earlier process knew; nothing where the cluster can't be asked, which only costs a reconciliation."""
    if known is None:
        return Memory()
    try:
        return known.remembered()
    except ReadingError as error:
        sys.stderr.write(f"gitops: starting without memory: {error}\n")
        return Memory()
