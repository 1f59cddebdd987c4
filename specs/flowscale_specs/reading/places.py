"""Mappings and lists that remember where each entry was written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

Spot = tuple[str, int, int]
"""File, line and column as they are kept for each value: a bare tuple, which the garbage collector needn't follow."""

NOWHERE: Spot = ("-", 1, 1)
"""Of values that no file has."""


class Place(NamedTuple):
    """A spot in a file; line and column count from 1."""

    path: Path
    line: int
    column: int


class Map(dict[str, Any]):
    """A YAML mapping. `keys_at` and `values_at` have the spots of what was written in a file."""

    __slots__ = ("at", "keys_at", "values_at")

    def __init__(self, at: Spot) -> None:
        self.at = at
        self.keys_at: dict[str, Spot] = {}
        self.values_at: dict[str, Spot] = {}


class List(list[Any]):
    """A YAML list, with the spot of each item."""

    __slots__ = ("at", "values_at")

    def __init__(self, at: Spot) -> None:
        self.at = at
        self.values_at: list[Spot] = []


def place(root: Map, steps: Sequence[str | int], *, key: bool = False) -> Place:
    """Where `steps` lead from `root`: the value, or its key; the nearest thing around it if it isn't written."""
    node: Any = root
    spot = root.at
    for number, step in enumerate(steps):
        spot = _spot(node, step, key=key and number == len(steps) - 1) or spot
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            break
    return Place(Path(spot[0]), spot[1], spot[2])


def _spot(node: Any, step: str | int, *, key: bool) -> Spot | None:
    if isinstance(node, Map):
        return (node.keys_at if key else node.values_at).get(str(step))
    if isinstance(node, List) and isinstance(step, int) and step < len(node.values_at):
        return node.values_at[step]
    return None


def pointer(steps: Sequence[str | int]) -> str:
    """A path for people: `spec.models[0].name`."""
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text
