"""The order of work: nodes become ready as what they wait for is done."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Schedule:
    """Nodes that are to run, and who waits for whom.

    Of the ready ones, eager ones (outputs, async nodes) come first, then those that feed an output, then those that
    feed such a feeder, then the one added first. Every operation costs what its own links cost.
    """

    def __init__(self) -> None:
        self._waits: dict[str, int] = {}
        self._consumers: dict[str, list[str]] = {}
        self._order: dict[str, int] = {}
        self._eager: set[str] = set()
        self._outputs: set[str] = set()
        self._feeders: set[str] = set()
        self._fresh: list[str] = []
        self._ready: list[tuple[int, int, str]] = []

    def __len__(self) -> int:
        return len(self._waits)

    def __contains__(self, node_id: object) -> bool:
        return node_id in self._waits

    def add(self, node_id: str, sources: Iterable[str], *, output: bool = False, eager: bool = False) -> None:
        """Take a node in, which waits for `sources` (each once, none of them done)."""
        self._order[node_id] = len(self._order)
        if output:
            self._outputs.add(node_id)
        if output or eager:
            self._eager.add(node_id)
        self.wait(node_id, sources)

    def wait(self, node_id: str, sources: Iterable[str]) -> None:
        """Let a node that isn't ready, or was just taken, wait for `sources`."""
        count = 0
        feeds_output = node_id in self._outputs
        for source in sources:
            count += 1
            self._consumers.setdefault(source, []).append(node_id)
            if feeds_output:
                self._feeders.add(source)
        self._waits[node_id] = count
        if count == 0:
            self._fresh.append(node_id)

    def next(self) -> str | None:
        """The node to run now, or None when all wait."""
        for node_id in self._fresh:
            heappush(self._ready, (self._rank(node_id), self._order[node_id], node_id))
        self._fresh.clear()
        return heappop(self._ready)[2] if self._ready else None

    def done(self, node_id: str) -> None:
        """A node is done: who waited for it alone is ready."""
        del self._waits[node_id]
        for consumer in self._consumers.pop(node_id, ()):
            self._waits[consumer] -= 1
            if self._waits[consumer] == 0:
                self._fresh.append(consumer)

    def _rank(self, node_id: str) -> int:
        if node_id in self._eager:
            return 0
        if node_id in self._feeders:
            return 1
        return 2 if any(consumer in self._feeders for consumer in self._consumers.get(node_id, ())) else 3

    def cycle(self) -> list[str]:
        """A path of nodes that wait for each other, first = last, when nothing is ready and nothing runs."""
        sources: dict[str, str] = {}
        for source, consumers in self._consumers.items():
            for consumer in consumers:
                sources[consumer] = source
        node_id = next(iter(sources))
        seen: dict[str, int] = {}
        path: list[str] = []
        while node_id not in seen:
            seen[node_id] = len(path)
            path.append(node_id)
            node_id = sources[node_id]
        return [*path[seen[node_id] :], node_id][::-1]
