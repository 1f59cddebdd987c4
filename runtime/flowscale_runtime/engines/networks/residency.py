"""Which networks stay in memory: a budget of bytes, and who goes when something new needs room."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Resident:
    """Something that is in memory: its bytes, and when it was last used (seconds on any clock)."""

    key: str
    size: int
    used: float


def evictions(held: Iterable[Resident], needed: int, budget: int, now: float) -> list[str]:
    """Who goes so that `needed` bytes fit: first what frees most for the longest unused, its idle time times its size.

    Everything goes where something alone is larger than the budget.
    """
    order = sorted(held, key=lambda one: (-(now - one.used) * one.size, one.key))
    free, gone = budget - sum(one.size for one in order), []
    for one in order:
        if free >= needed:
            break
        free += one.size
        gone.append(one.key)
    return gone


class Residency(Generic[T]):
    """Loads what is asked for and keeps it while it fits. `budget` None keeps everything. Any thread may ask."""

    def __init__(
        self,
        budget: int | None,
        clock: Callable[[], float],
        let_go: Callable[[], None] = lambda: None,
    ) -> None:
        self._budget, self._clock, self._let_go = budget, clock, let_go
        self._values: dict[str, T] = {}
        self._residents: dict[str, Resident] = {}
        self._lock = threading.Lock()

    @property
    def keys(self) -> tuple[str, ...]:
        """What is in memory now, the least used first."""
        return tuple(one.key for one in sorted(self._residents.values(), key=lambda one: one.used))

    def get(self, key: str, size: int, load: Callable[[], T]) -> T:
        """The value of a key, loaded where it isn't there."""
        with self._lock:
            if key not in self._values:
                self._make_room(size)
                self._values[key] = load()
            self._residents[key] = Resident(key, size, self._clock())
            return self._values[key]

    def _make_room(self, size: int) -> None:
        if self._budget is None:
            return
        gone = evictions(self._residents.values(), size, self._budget, self._clock())
        for key in gone:
            del self._values[key], self._residents[key]
        if gone:
            self._let_go()
