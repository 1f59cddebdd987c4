"""Nodes that wait for each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .reports import Report, report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

SHOWN = 50


def cycles(order: Sequence[str], sources: Callable[[str], Iterable[str]]) -> dict[str, Report]:
    """An error for one node of each cycle among `order`, in which sources come first but where a cycle is closed."""
    place = {node_id: index for index, node_id in enumerate(order)}
    found: dict[str, Report] = {}
    for node_id in order:
        for source in sources(node_id):
            if place.get(source, -1) >= place[node_id] and node_id not in found:
                found[node_id] = _report(_path(node_id, source, sources))
    return found


def _path(node_id: str, source: str, sources: Callable[[str], Iterable[str]]) -> list[str]:
    """From `node_id` through its sources back to itself, `source` first."""
    came: dict[str, str | None] = {source: None}
    stack = [source]
    while stack and node_id not in came:
        current = stack.pop()
        for following in sources(current):
            if following not in came:
                came[following] = current
                stack.append(following)
    path, step = [node_id], came.get(node_id)
    while step is not None:
        path.append(step)
        step = came[step]
    return [*path, node_id] if node_id != source else [node_id, node_id]


def _report(path: list[str]) -> Report:
    shown = path if len(path) <= SHOWN else [*path[:SHOWN], "..."]
    return report(
        "dependency_cycle",
        "Nodes wait for each other",
        " -> ".join(shown),
        node_id=path[0],
        cycle_nodes=path[:-1],
    )
