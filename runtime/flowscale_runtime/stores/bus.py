"""Telling those who follow runs in this process: durable events as they are committed, progress as it comes."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flowscale_runtime.stores.values import TERMINAL, Event

MOST_LIVE = 10_000
WAKE = Event("", 0, "wake", {})
"""Says that there may be something to claim, where no event of a run says so."""


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
    """Carries events of runs from whoever writes them to whoever follows them.

    What is published here goes to the followers of this process and to the `outlet`, if there is one, which carries it
    to other processes; what comes from those is taken by `receive`.
    """

    def __init__(self) -> None:
        self.outlet: Callable[[Event], None] | None = None
        self._followers: dict[str, set[Follower]] = defaultdict(set)
        self._everything: set[Follower] = set()
        self._whole: dict[Follower, Callable[[str], bool]] = {}
        self._live: dict[str, Live] = {}
        self._told: dict[str, int] = {}

    def publish(self, events: Iterable[Event]) -> None:
        """Tells durable events, after their transaction was committed."""
        for event in events:
            self._out(event)

    def progress(self, run_id: str, percent: float, detail: dict[str, Any]) -> None:
        """Tells how far a run is."""
        self._out(Event(run_id, 0, "progress", {"progress": percent, **detail}))

    def preview(self, run_id: str, image: bytes, media_type: str, node_id: str) -> None:
        """Tells a running run's latest preview image."""
        data = {"node_id": node_id, "content_type": media_type, "image": image}
        self._out(Event(run_id, 0, "preview", data))

    def nodes(self, run_id: str, events: list[Any]) -> None:
        """Tells what the nodes of a traced run do, in order, to those who follow the whole of everything."""
        for follower in self._whole:
            follower.tell(Event(run_id, 0, "nodes", {"events": events}))
        if self.outlet:  # one by one: what is too long to be carried takes no other with it
            for one in events:
                self.outlet(Event(run_id, 0, "nodes", {"events": [one]}))

    def say(self, event: Event) -> None:
        """Tells what isn't about the state of a run."""
        self._out(event)

    def wake(self) -> None:
        """Tells whoever claims that there may be something to claim."""
        self._out(WAKE)

    def receive(self, event: Event) -> None:
        """Tells the followers of this process."""
        self._note(event)
        for follower in (*self._followers.get(event.run_id, ()), *self._everything, *self._whole):
            follower.tell(event)

    def live(self, run_id: str) -> Live | None:
        """The latest of a run that runs now."""
        return self._live.get(run_id)

    def followed(self) -> dict[str, int]:
        """The runs that somebody follows, each with the number of the last durable event that was told of it."""
        return {run_id: self._told.get(run_id, 0) for run_id in self._followers}

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
                self._told.pop(run_id, None)

    def shown(self, run_id: str) -> bool:
        """Whether somebody looks at a run's previews."""
        return run_id in self._followers or any(looks(run_id) for looks in self._whole.values())

    @contextmanager
    def whole(self, looks: Callable[[str], bool] = lambda run_id: False) -> Iterator[Follower]:
        """Listens to everything of all runs, every node of traced ones too, until the block ends. `looks` tells whose
        previews are wanted from other processes."""
        follower = Follower(whole=True)
        self._whole[follower] = looks
        try:
            yield follower
        finally:
            self._whole.pop(follower, None)

    def _out(self, event: Event) -> None:
        self.receive(event)
        if self.outlet:
            self.outlet(event)

    def _note(self, event: Event) -> None:
        """Keeps what is asked for later: the latest of running runs, and how much was told of those followed."""
        if event.sequence and event.run_id in self._followers:
            self._told[event.run_id] = max(event.sequence, self._told.get(event.run_id, 0))
        if event.type in TERMINAL or event.type == "queued":
            self._live.pop(event.run_id, None)
        elif event.type in ("progress", "preview"):
            if len(self._live) >= MOST_LIVE and event.run_id not in self._live:
                self._live.pop(next(iter(self._live)))
            _keep(self._live.setdefault(event.run_id, Live()), event)


def _keep(live: Live, event: Event) -> None:
    if event.type == "preview":
        live.preview = event.data.get("image")
    else:
        live.progress = event.data["progress"]
        live.detail = {key: value for key, value in event.data.items() if key != "progress"}
