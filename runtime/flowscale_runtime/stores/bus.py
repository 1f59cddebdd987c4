"""Telling those who follow runs in this process: durable events as they are committed, progress as it comes."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flowscale_runtime.stores.values import TERMINAL, Event


@dataclass(slots=True)
class Live:
    """The latest of a running run: progress in per cent, what it is at, its last preview image."""

    progress: float = 0.0
    detail: dict[str, Any] = field(default_factory=dict)
    preview: bytes | None = None


class Follower:
    """One listener. Durable events are all kept; of progress and preview only the latest (`whole`: all of them)."""

    def __init__(self, *, whole: bool = False) -> None:
        self._whole = whole
        self._durable: list[Event] = []
        self._latest: dict[str, Event] = {}
        self._ready = asyncio.Event()

    def tell(self, event: Event) -> None:
        if event.sequence or self._whole:
            self._durable.append(event)
        else:
            self._latest[event.type] = event
        self._ready.set()

    async def next(self) -> list[Event]:
        """What came since the last call: at least one event."""
        await self._ready.wait()
        self._ready.clear()
        told = [*self._durable, *self._latest.values()]
        self._durable, self._latest = [], {}
        return told


class Bus:
    """Carries events of runs from whoever writes them to whoever follows them."""

    def __init__(self) -> None:
        self._followers: dict[str, set[Follower]] = defaultdict(set)
        self._everything: set[Follower] = set()
        self._whole: set[Follower] = set()
        self._live: dict[str, Live] = {}

    def publish(self, events: Iterable[Event]) -> None:
        """Tells durable events, after their transaction was committed."""
        for event in events:
            if event.type in TERMINAL or event.type == "queued":
                self._live.pop(event.run_id, None)
            self._tell(event)

    def progress(self, run_id: str, percent: float, detail: dict[str, Any]) -> None:
        """Tells how far a run is."""
        live = self._live.setdefault(run_id, Live())
        live.progress, live.detail = percent, detail
        self._tell(Event(run_id, 0, "progress", {"progress": percent, **detail}))

    def preview(self, run_id: str, image: bytes, media_type: str, node_id: str) -> None:
        """Tells a running run's latest preview image."""
        self._live.setdefault(run_id, Live()).preview = image
        self._tell(
            Event(run_id, 0, "preview", {"node_id": node_id, "content_type": media_type, "image": image})
        )

    def nodes(self, run_id: str, events: list[Any]) -> None:
        """Tells what the nodes of a traced run do, in order, to those who follow the whole of everything."""
        for follower in self._whole:
            follower.tell(Event(run_id, 0, "nodes", {"events": events}))

    def live(self, run_id: str) -> Live | None:
        """The latest of a run that runs now."""
        return self._live.get(run_id)

    @contextmanager
    def follow(self, run_id: str | None) -> Iterator[Follower]:
        """Listens to a run (None: to all of them) until the block ends."""
        follower = Follower()
        group = self._everything if run_id is None else self._followers[run_id]
        group.add(follower)
        try:
            yield follower
        finally:
            group.discard(follower)
            if run_id is not None and not group:
                self._followers.pop(run_id, None)

    @contextmanager
    def whole(self) -> Iterator[Follower]:
        """Listens to everything of all runs, every node of traced ones too, until the block ends."""
        follower = Follower(whole=True)
        self._whole.add(follower)
        try:
            yield follower
        finally:
            self._whole.discard(follower)

    def _tell(self, event: Event) -> None:
        for follower in (*self._followers.get(event.run_id, ()), *self._everything, *self._whole):
            follower.tell(event)
