"""Merging executable graphs, whose nodes are matched by what they are, whatever their ids."""

from collections.abc import Iterator, Mapping
from typing import Any

from flowscale_workflows.errors import GraphError
from flowscale_workflows.graphs import ApiGraph, is_link, order, title
from flowscale_workflows.matching import match
from flowscale_workflows.merging.values import ABSENT, Conflict, Kind, Merged, by_key, three

Nodes = dict[str, dict[str, Any]]


def merge_graphs(base: ApiGraph, ours: ApiGraph, theirs: ApiGraph) -> Merged:
    """One graph of both sides' changes. Nodes keep our ids; new ones of theirs get free ids where theirs are taken."""
    names = _Names(base, ours, theirs)
    sides = [
        names.renamed(graph, side) for side, graph in (("base", base), ("ours", ours), ("theirs", theirs))
    ]
    conflicts: list[Conflict] = []
    merged: Nodes = {}
    for node_id in dict.fromkeys([*sides[1], *sides[2], *sides[0]]):
        before, mine, other = (side.get(node_id) for side in sides)
        node = _node(node_id, before, mine, other, conflicts)
        if node is not None:
            merged[node_id] = node
    for node_id, source in _needed(merged, sides):
        conflicts.append(Conflict("removed", source, "", None, f"node {node_id} takes it", "it was removed"))
        merged[source] = sides[1].get(source) or sides[2].get(source) or sides[0][source]
    try:
        order(merged)
    except GraphError as error:
        conflicts.append(Conflict("cycle", "", f"together the changes don't work: {error}"))
    return Merged(merged, tuple(conflicts))


class _Names:
    """One name for each node through all three graphs: that of ours where it is there."""

    def __init__(self, base: ApiGraph, ours: ApiGraph, theirs: ApiGraph) -> None:
        to_ours, to_theirs = match(base, ours), match(base, theirs)
        taken = set(ours)
        self.base = {}
        for node_id in base:
            self.base[node_id] = to_ours.get(node_id) or _free(node_id, taken)
            taken.add(self.base[node_id])
        self.ours = {node_id: node_id for node_id in ours}
        self.theirs = {after: self.base[before] for before, after in to_theirs.items()}
        self._join_new(ours, theirs, set(to_ours.values()))
        for node_id in theirs:
            if node_id not in self.theirs:
                self.theirs[node_id] = _free(node_id, taken)
                taken.add(self.theirs[node_id])

    def _join_new(self, ours: ApiGraph, theirs: ApiGraph, known: set[str]) -> None:
        """The same node added on both sides is one node."""
        new_ours = {node_id: node for node_id, node in ours.items() if node_id not in known}
        new_theirs = {node_id: node for node_id, node in theirs.items() if node_id not in self.theirs}
        for one, other in match(_without_links(new_ours), _without_links(new_theirs)).items():
            if _literals(ours[one]) == _literals(theirs[other]) and title(ours[one]) == title(theirs[other]):
                self.theirs[other] = one

    def renamed(self, graph: ApiGraph, side: str) -> Nodes:
        """A graph under the common names."""
        names: Mapping[str, str] = getattr(self, side)
        return {
            names[node_id]: {
                **node,
                "inputs": {
                    name: [names.get(value[0], value[0]), value[1]] if is_link(value) else value
                    for name, value in node.get("inputs", {}).items()
                },
            }
            for node_id, node in graph.items()
        }


def _node(
    node_id: str, base: Any, ours: Any, theirs: Any, conflicts: list[Conflict]
) -> dict[str, Any] | None:
    """A node of the result; None where it is gone."""
    if base is not None and (ours is None or theirs is None):
        kept = theirs if ours is None else ours
        if kept is None or kept == base:
            return None
        told = ("it was removed", "it was changed")
        conflicts.append(Conflict("removed", node_id, "", None, *(told if ours is None else told[::-1])))
        return dict(kept)
    if ours is None or theirs is None:
        return dict(theirs if ours is None else ours)
    return _both(node_id, base or {"inputs": {}}, ours, theirs, conflicts)


def _both(node_id: str, base: Any, ours: Any, theirs: Any, conflicts: list[Conflict]) -> dict[str, Any]:
    inputs = {}
    before, mine, other = (side.get("inputs", {}) for side in (base, ours, theirs))
    for name, value, clash in by_key(before, mine, other):
        if clash:
            sides = [side.get(name, ABSENT) for side in (before, mine, other)]
            kind: Kind = "link" if any(is_link(side) for side in sides) else "value"
            conflicts.append(Conflict(kind, node_id, name, *sides))
        if value is not ABSENT:
            inputs[name] = value
    merged = {**ours, "inputs": inputs}
    called, clash = three(title(base) if "class_type" in base else ABSENT, title(ours), title(theirs))
    if clash:
        conflicts.append(Conflict("title", node_id, "", title(base), title(ours), title(theirs)))
    if called != title(ours):
        merged["_meta"] = {**(ours.get("_meta") or {}), "title": called}
    return merged


def _needed(merged: Nodes, sides: list[Nodes]) -> Iterator[tuple[str, str]]:
    """Nodes that one side removed and the other took a new link from; what feeds them comes back with them."""
    pending = list(merged)
    there = set(merged)
    while pending:
        node_id = pending.pop()
        node = merged.get(node_id) or next(side[node_id] for side in sides if node_id in side)
        for value in node.get("inputs", {}).values():
            if is_link(value) and value[0] not in there and any(value[0] in side for side in sides):
                there.add(value[0])
                pending.append(value[0])
                yield node_id, value[0]


def _without_links(graph: Mapping[str, Any]) -> ApiGraph:
    return {node_id: {**node, "inputs": _literals(node)} for node_id, node in graph.items()}


def _literals(node: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in node.get("inputs", {}).items() if not is_link(value)}


def _free(wanted: str, taken: set[str]) -> str:
    if wanted not in taken:
        return wanted
    number = max((int(name) for name in taken if name.isdecimal()), default=0) + 1
    return str(number)
