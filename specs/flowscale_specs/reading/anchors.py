"""Anchors and their aliases, bounded: a few lines of aliases of aliases could stand for billions of values."""

from __future__ import annotations

from typing import Any, NamedTuple

MAX_EXPANSION = 100_000
"""Values that aliases may add to one file."""


class Anchored(NamedTuple):
    """A value with a name, how many values it is made of, and how many levels deep it is."""

    value: Any
    size: int
    height: int


class Anchors:
    """The anchors of one file; each document has its own, the bound is the file's."""

    def __init__(self) -> None:
        self.expanded = 0
        self._known: dict[str, Anchored] = {}

    def forget(self) -> None:
        """A document has ended: its anchors mean nothing in the next."""
        self._known.clear()

    def open(self, name: str | None) -> None:
        """A mapping or list with an anchor begins: inside of it the name means nothing."""
        if name is not None:
            self._known.pop(name, None)

    def keep(self, name: str | None, value: Any, size: int = 1, height: int = 0) -> None:
        if name is not None:
            self._known[name] = Anchored(value, size, height)

    def expand(self, name: str) -> Anchored | None:
        """What an alias stands for; counted."""
        found = self._known.get(name)
        if found is not None:
            self.expanded += found.size
        return found

    @property
    def too_many(self) -> bool:
        return self.expanded > MAX_EXPANSION
