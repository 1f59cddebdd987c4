"""Merging what the editor saves: nodes by id, links by their ends, subgraphs each by itself; positions follow quietly."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flowscale_workflows.merging.values import (
    ABSENT,
    Conflict,
    Merged,
    aligned,
    by_key,
    quietly,
    same,
    three,
)

Node = dict[str, Any]
_MEANING = ("type", "mode", "title")
_BUILT = frozenset({"id", "inputs", "outputs", "widgets_values", *_MEANING})
"""Fields of a node that aren't merged quietly: those with a meaning, and those that are made of the links."""


def merge_ui(base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Merged:
    """One file of both sides' changes; conflicts have our side."""
    graphs = before, mine, other = _graphs(base), _graphs(ours), _graphs(theirs)
    conflicts: list[Conflict] = []
    merged = {
        name: _Canvas(name, before.get(name), mine.get(name), other.get(name), conflicts).merged()
        for name in dict.fromkeys([*mine, *other])
        if _stays(name, *graphs)
    }
    root = merged.pop("")
    if merged:
        definitions = quietly(*(side.get("definitions") or {} for side in (base, ours, theirs)))
        root["definitions"] = {**definitions, "subgraphs": list(merged.values())}
    return Merged(root, tuple(conflicts))


def _graphs(ui: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The root under no name, and every definition of a subgraph by its id."""
    listed = (ui.get("definitions") or {}).get("subgraphs") or ()
    return {"": ui, **{str(one.get("id")): one for one in listed}}


def _stays(name: str, base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    """A definition that one side removed and the other left alone is gone."""
    if name in ours and name in theirs:
        return True
    kept = ours.get(name, theirs.get(name))
    return name not in base or base[name] != kept


@dataclass(frozen=True, slots=True)
class _Wire:
    """What feeds an input: an output of a node."""

    source: str
    slot: int
    type: str = field(compare=False, default="*")


@dataclass
class _Canvas:
    """One graph of three versions."""

    name: str
    base: Mapping[str, Any] | None
    ours: Mapping[str, Any] | None
    theirs: Mapping[str, Any] | None
    conflicts: list[Conflict]

    def merged(self) -> dict[str, Any]:
        ours, theirs = self.ours or self.theirs or {}, self.theirs or self.ours or {}
        base = self.base or {}
        theirs = _apart(base, ours, theirs)
        sides = [_by_id(side) for side in (base, ours, theirs)]
        nodes = {}
        for node_id in dict.fromkeys([*sides[1], *sides[2]]):
            node = self._node(node_id, *(side.get(node_id) for side in sides))
            if node is not None:
                nodes[node_id] = node
        wires = self._wires(nodes, [_wires(side) for side in (base, ours, theirs)])
        rest = {"nodes", "links", "definitions", "last_node_id", "last_link_id", "state"}
        quiet = [
            {key: value for key, value in side.items() if key not in rest} for side in (base, ours, theirs)
        ]
        return _written(quietly(*quiet), ours, nodes, wires)

    def _node(self, node_id: str, base: Node | None, ours: Node | None, theirs: Node | None) -> Node | None:
        if ours is not None and theirs is not None:
            return self._both(node_id, base or {}, ours, theirs)
        kept = theirs if ours is None else ours
        if kept is None or (base is not None and _meaning(kept) == _meaning(base)):
            return None
        if base is not None:
            told = ("it was removed", "it was changed")
            sides = told if ours is None else told[::-1]
            self.conflicts.append(Conflict("removed", self._called(node_id), "", None, *sides))
        return dict(kept)

    def _both(self, node_id: str, base: Node, ours: Node, theirs: Node) -> Node:
        sides = (base, ours, theirs)
        looks = [{key: value for key, value in side.items() if key not in _BUILT} for side in sides]
        merged = {**quietly(*looks), "id": ours["id"]}
        for name in _MEANING:
            value, clash = three(*(side.get(name, ABSENT) for side in sides))
            if clash:
                self._clash("title" if name == "title" else "value", node_id, name, sides)
            if value is not ABSENT:
                merged[name] = value
        merged["inputs"] = _slots(ours, theirs, base, "inputs")
        merged["outputs"] = _slots(ours, theirs, base, "outputs")
        values = self._values(node_id, *(side.get("widgets_values", ABSENT) for side in sides))
        return merged if values is ABSENT else {**merged, "widgets_values": values}

    def _values(self, node_id: str, base: Any, ours: Any, theirs: Any) -> Any:
        sides = (base, ours, theirs)
        if aligned(sides):
            keyed = [{str(place): value for place, value in enumerate(side)} for side in sides]
            return list(self._keyed(node_id, *keyed).values())
        if all(isinstance(side, dict) for side in sides):
            return self._keyed(node_id, *sides)
        value, clash = three(*sides)
        if clash:
            self.conflicts.append(Conflict("value", self._called(node_id), "widgets", *sides))
        return value

    def _keyed(self, node_id: str, base: Any, ours: Any, theirs: Any) -> dict[str, Any]:
        found = {}
        for key, value, clash in by_key(base, ours, theirs):
            if clash:
                sides = (side.get(key, ABSENT) for side in (base, ours, theirs))
                self.conflicts.append(Conflict("value", self._called(node_id), f"widget {key}", *sides))
            if value is not ABSENT:
                found[key] = value
        return found

    def _wires(self, nodes: Mapping[str, Node], sides: list[dict[Any, _Wire]]) -> dict[Any, _Wire]:
        found = {}
        ends = {"-10", "-20", *nodes}
        for target in dict.fromkeys([*sides[1], *sides[2]]):
            known = [side.get(target, ABSENT) for side in sides]
            wire, clash = three(*known)
            if clash:
                shown = [None if one is ABSENT else [one.source, one.slot] for one in known]
                self.conflicts.append(Conflict("link", self._called(target[0]), target[1], *shown))
            if wire is not ABSENT and target[0] in ends and wire.source in ends:
                found[target] = wire
        return found

    def _clash(self, kind: Any, node_id: str, name: str, sides: tuple[Node, ...]) -> None:
        values = (side.get(name, ABSENT) for side in sides)
        self.conflicts.append(Conflict(kind, self._called(node_id), name, *values))

    def _called(self, node_id: str) -> str:
        return f"{self.name}/{node_id}" if self.name else node_id


def _by_id(graph: Mapping[str, Any]) -> dict[str, Node]:
    return {str(node["id"]): node for node in graph.get("nodes") or ()}


def _meaning(node: Node) -> Node:
    """What a node does, without how it looks."""
    return {key: node.get(key) for key in (*_MEANING, "widgets_values")}


def _links(graph: Mapping[str, Any]) -> Iterator[tuple[str, str, int, str, int, str]]:
    for link in graph.get("links") or ():
        parts = _parts(link)
        yield str(parts[0]), str(parts[1]), int(parts[2]), str(parts[3]), int(parts[4]), str(parts[5])


def _parts(link: Any) -> list[Any]:
    if isinstance(link, list):
        return [*link, "*"][:6]
    keys = ("id", "origin_id", "origin_slot", "target_id", "target_slot")
    return [*(link[key] for key in keys), link.get("type", "*")]


def _wires(graph: Mapping[str, Any]) -> dict[tuple[str, str], _Wire]:
    """What feeds each input, by node and input's name; of the outputs of a subgraph by their place."""
    nodes = _by_id(graph)
    found = {}
    for _, source, slot, target, at, kind in _links(graph):
        inputs = (nodes.get(target) or {}).get("inputs") or []
        name = str(inputs[at].get("name")) if at < len(inputs) else str(at)
        found[target, name] = _Wire(source, slot, kind)
    return found


def _apart(base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Their side with other ids for nodes that both sides added under one id."""
    known, mine, other = _by_id(base), _by_id(ours), _by_id(theirs)
    taken = [int(name) for name in (*known, *mine, *other) if name.lstrip("-").isdigit()]
    last = max(taken, default=0)
    fresh: dict[str, int] = {}
    for node_id, node in other.items():
        if node_id in mine and node_id not in known and not same(_meaning(mine[node_id]), _meaning(node)):
            last += 1
            fresh[node_id] = last
    if not fresh:
        return theirs
    nodes = [{**node, "id": fresh.get(str(node["id"]), node["id"])} for node in theirs.get("nodes") or ()]
    links = []
    for link in theirs.get("links") or ():
        parts = _parts(link)
        parts[1], parts[3] = fresh.get(str(parts[1]), parts[1]), fresh.get(str(parts[3]), parts[3])
        links.append(parts)
    return {**theirs, "nodes": nodes, "links": links}


def _slots(ours: Node, theirs: Node, base: Node, key: str) -> list[dict[str, Any]]:
    """Our slots, and those that they added."""
    mine, other = ours.get(key) or [], theirs.get(key) or []
    names = {slot.get("name") for slot in (*mine, *(base.get(key) or []))}
    return [dict(slot) for slot in (*mine, *(slot for slot in other if slot.get("name") not in names))]


def _written(
    rest: dict[str, Any], ours: Mapping[str, Any], nodes: dict[str, Node], wires: Mapping[Any, _Wire]
) -> dict[str, Any]:
    """The graph with links numbered anew, and every slot told of its own."""
    as_lists = any(isinstance(link, list) for link in ours.get("links") or ()) or "inputNode" not in ours
    made = {node_id: _unlinked(node) for node_id, node in nodes.items()}
    links: list[Any] = []
    for (target, name), wire in wires.items():
        number = len(links) + 1
        at = _place(made.get(target), name, number)
        _tell(made.get(wire.source), wire.slot, number)
        ends = [number, _number(wire.source), wire.slot, _number(target), at, wire.type]
        keys = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
        links.append(ends if as_lists else dict(zip(keys, ends, strict=True)))
    numbers = [node["id"] for node in made.values() if isinstance(node["id"], int)]
    counted = {"last_node_id": max(numbers, default=0), "last_link_id": len(links)} if as_lists else {}
    return {**rest, **counted, "nodes": list(made.values()), "links": links}


def _unlinked(node: Node) -> Node:
    inputs = [{**slot, "link": None} for slot in node.get("inputs") or ()]
    outputs = [{**slot, "links": []} for slot in node.get("outputs") or ()]
    return {**node, "inputs": inputs, "outputs": outputs}


def _place(node: Node | None, name: str, number: int) -> int:
    """The place of an input, which is told of its link; outputs of a subgraph are called by their place."""
    for at, slot in enumerate(node["inputs"] if node else ()):
        if slot.get("name") == name:
            slot["link"] = number
            return at
    return int(name) if name.isdecimal() else 0


def _tell(node: Node | None, slot: int, number: int) -> None:
    outputs = node["outputs"] if node else []
    if slot < len(outputs):
        outputs[slot]["links"].append(number)


def _number(node_id: str) -> int | str:
    return int(node_id) if node_id.lstrip("-").isdigit() else node_id
