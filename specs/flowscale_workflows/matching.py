"""Which node of one graph is which node of another, by what the nodes are rather than by their ids.

Rounds of ever weaker likeness pair what is unique in it: everything above a node and the node itself, the
node with its title and values, its neighbours among pairs already made, and at last class and id.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

import orjson

from flowscale_workflows.graphs import ApiGraph, is_link, links, title

Key = Callable[[str], Hashable]


def match(old: ApiGraph, new: ApiGraph) -> dict[str, str]:
    """Old id → new id for every node that is in both graphs; a pair is always of the same class."""
    pairs: dict[str, str] = {}
    _by_id_and_content(old, new, pairs)
    ancestry_old, ancestry_new = _ancestry(old), _ancestry(new)
    _pair(old, new, pairs, ancestry_old.__getitem__, ancestry_new.__getitem__)
    _pair(old, new, pairs, lambda i: _identity(old[i]), lambda i: _identity(new[i]))
    _pair(old, new, pairs, lambda i: _titled(old[i]), lambda i: _titled(new[i]))
    _spread(old, new, pairs)
    _same_id(old, new, pairs)
    _spread(old, new, pairs)
    _in_order(old, new, pairs)
    return pairs


def _by_id_and_content(old: ApiGraph, new: ApiGraph, pairs: dict[str, str]) -> None:
    for node_id, node in old.items():
        other = new.get(node_id)
        if other and other["class_type"] == node["class_type"] and _identity(node) == _identity(other):
            pairs[node_id] = node_id


def _pair(old: ApiGraph, new: ApiGraph, pairs: dict[str, str], old_key: Key, new_key: Key) -> None:
    """Pairs the nodes still single whose key is held by just one of each graph."""
    taken = set(pairs.values())
    ours = _unique((node_id for node_id in old if node_id not in pairs), old_key)
    theirs = _unique((node_id for node_id in new if node_id not in taken), new_key)
    for key, node_id in ours.items():
        if key in theirs:
            pairs[node_id] = theirs[key]


def _unique(node_ids: Iterable[str], key: Key) -> dict[Hashable, str]:
    holders: defaultdict[Hashable, list[str]] = defaultdict(list)
    for node_id in node_ids:
        holders[key(node_id)].append(node_id)
    return {held: ids[0] for held, ids in holders.items() if len(ids) == 1}


def _spread(old: ApiGraph, new: ApiGraph, pairs: dict[str, str]) -> None:
    """Pairs neighbours of pairs: the only one of its class at the same end of the same link."""
    near_old, near_new = _neighbours(old), _neighbours(new)
    taken = set(pairs.values())
    waiting = list(pairs.items())
    while waiting:
        before, after = waiting.pop()
        for end, ours in near_old.get(before, {}).items():
            theirs = near_new.get(after, {}).get(end, [])
            free = [node_id for node_id in ours if node_id not in pairs]
            wanted = [node_id for node_id in theirs if node_id not in taken]
            if len(free) == len(wanted) == 1:
                pairs[free[0]] = wanted[0]
                taken.add(wanted[0])
                waiting.append((free[0], wanted[0]))


def _neighbours(graph: ApiGraph) -> dict[str, dict[Hashable, list[str]]]:
    """For each node what feeds it and what takes from it, by the input, the slot and the class."""
    found: dict[str, dict[Hashable, list[str]]] = {}
    for link in links(graph):
        if link.source in graph:
            source, taker = graph[link.source]["class_type"], graph[link.node]["class_type"]
            above, below = ("above", link.name, link.slot, source), ("below", link.name, link.slot, taker)
            found.setdefault(link.node, {}).setdefault(above, []).append(link.source)
            found.setdefault(link.source, {}).setdefault(below, []).append(link.node)
    return found


def _same_id(old: ApiGraph, new: ApiGraph, pairs: dict[str, str]) -> None:
    taken = set(pairs.values())
    for node_id, node in old.items():
        free = node_id not in pairs and node_id in new and node_id not in taken
        if free and new[node_id]["class_type"] == node["class_type"]:
            pairs[node_id] = node_id


def _in_order(old: ApiGraph, new: ApiGraph, pairs: dict[str, str]) -> None:
    """What is left of a class is paired in the order of the files."""
    taken = set(pairs.values())
    waiting: defaultdict[str, list[str]] = defaultdict(list)
    for node_id, node in new.items():
        if node_id not in taken:
            waiting[node["class_type"]].append(node_id)
    for node_id, node in old.items():
        if node_id not in pairs and waiting[node["class_type"]]:
            pairs[node_id] = waiting[node["class_type"]].pop(0)


def _identity(node: Mapping[str, Any]) -> tuple[Any, ...]:
    """Class, title and values, links left out."""
    literals = {name: value for name, value in node.get("inputs", {}).items() if not is_link(value)}
    return node["class_type"], title(node), _canonical(literals)


def _titled(node: Mapping[str, Any]) -> tuple[str, str]:
    return node["class_type"], title(node)


def _ancestry(graph: ApiGraph) -> dict[str, int]:
    """For each node a number that stands for it and all that feeds it; equal in both graphs when equal."""
    found: dict[str, int] = {}
    pending = list(graph)
    entered: set[str] = set()
    while pending:
        node_id = pending[-1]
        inputs = graph[node_id].get("inputs", {})
        above = [value[0] for value in inputs.values() if is_link(value) and value[0] in graph]
        missing = [source for source in above if source not in found and source not in entered]
        if missing and node_id not in found:
            entered.add(node_id)
            pending.extend(missing)
            continue
        pending.pop()
        entered.discard(node_id)
        if node_id not in found:
            wires = tuple(
                (name, found.get(value[0], 0), value[1])
                for name, value in sorted(inputs.items())
                if is_link(value)
            )
            found[node_id] = hash((_identity(graph[node_id]), wires))
    return found


def _canonical(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str)
