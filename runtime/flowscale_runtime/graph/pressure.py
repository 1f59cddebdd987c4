"""The cache that keeps everything until memory gets short."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .sizes import size_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .results import NodeResult

GIB = 1 << 30
LARGE = GIB // 2
AGEING = 1.3


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Free bytes. Below `inactive`, results of earlier runs go; below `active`, those of the running one too."""

    active: int
    inactive: int

    @classmethod
    def of(cls, total: int) -> Thresholds:
        """Sane ones for a machine with `total` bytes: a tenth (2 to 10 GiB), and a fifth (4 to 32 GiB)."""
        return cls(_clamped(total // 10, 2 * GIB, 10 * GIB), _clamped(total // 5, 4 * GIB, 32 * GIB))


def _clamped(value: int, least: int, most: int) -> int:
    return max(least, min(value, most))


@dataclass(slots=True)
class _Entry:
    result: NodeResult
    run: int
    size: int | None = None

    def weigh(self) -> int:
        if self.size is None:
            self.size = size_of(self.result.outputs)
        return self.size


class PressureCache:
    """Looks at free memory as runs begin, and at most every `interval` seconds while they work."""

    keeps = True

    def __init__(
        self,
        free_memory: Callable[[], int],
        thresholds: Thresholds,
        *,
        clock: Callable[[], float] = time.monotonic,
        interval: float = 0.1,
    ) -> None:
        self._free_memory = free_memory
        self._thresholds = thresholds
        self._clock = clock
        self._interval = interval
        self._looked = clock() - interval
        self._run = 0
        self._entries: dict[bytes, _Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def begin(self, signatures: Mapping[str, bytes]) -> None:
        """What the graph names counts as used now."""
        self._run += 1
        for signature in signatures.values():
            self.get(signature)
        self._look()

    def get(self, signature: bytes) -> NodeResult | None:
        """The result, when memory was never so short that it went."""
        entry = self._entries.get(signature)
        if entry is None:
            return None
        entry.run = self._run
        return entry.result

    def put(self, signature: bytes, result: NodeResult, owner: str | None = None) -> None:
        """Keep, and see whether that was too much."""
        self._entries[signature] = _Entry(result, self._run)
        if self._clock() - self._looked >= self._interval:
            self._look()

    def end(self) -> None:
        """Nothing goes without need."""

    def _look(self) -> None:
        self._looked = self._clock()
        free = self._free_memory()
        if free < self._thresholds.inactive:
            free += self._free(self._earlier(), self._thresholds.inactive - free)
        if free < self._thresholds.active:
            self._free(self._running(), self._thresholds.active - free)

    def _earlier(self) -> list[bytes]:
        """Results of earlier runs, the first to go first: large and long unused."""
        now = self._run
        ages = {key: now - entry.run for key, entry in self._entries.items() if entry.run < now}
        return sorted(ages, key=lambda key: -(AGEING ** min(ages[key], 1000)) * self._entries[key].weigh())

    def _running(self) -> list[bytes]:
        """Results of the running run, large ones first; who still needs one in this run holds it."""
        sizes = {key: entry.weigh() for key, entry in self._entries.items() if entry.run == self._run}
        return sorted(sizes, key=lambda key: (sizes[key] < LARGE, -sizes[key]))

    def _free(self, keys: Iterable[bytes], wanted: int) -> int:
        freed = 0
        for key in keys:
            if freed >= wanted:
                break
            freed += self._entries.pop(key).weigh()
        return freed
