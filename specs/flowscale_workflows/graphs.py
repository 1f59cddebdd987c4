"""The executable form of a workflow: what it looks like, and what every graph must keep to."""

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple, TypeGuard

from rapidfuzz import process

from flowscale_workflows.errors import GraphError

ApiGraph = dict[str, dict[str, Any]]
"""`{"id": {"class_type": str, "inputs": {name: literal | ["source id", slot]}, "_meta": {"title": str}}}`"""

MAX_NODES = 50_000
MAX_DEPTH = 100


class Link(NamedTuple):
    """The input `name` of `node` takes output `slot` of `source`."""

    node: str
    name: str
    source: str
    slot: int


def is_api(value: object) -> TypeGuard[ApiGraph]:
    """Whether this JSON is the executable form: not empty, and every value is a node."""
    return isinstance(value, dict) and bool(value) and all(_is_node(node) for node in value.values())


def is_ui(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether this JSON is what the editor saves: a list of nodes and how they are linked."""
    return isinstance(value, dict) and isinstance(value.get("nodes"), list) and "links" in value


def is_link(value: object) -> TypeGuard[list[Any]]:
    """Whether an input's value is a link, `["source id", slot]`, rather than a literal."""
    if not (isinstance(value, list) and len(value) == 2):
        return False
    source, slot = value
    return isinstance(source, str) and isinstance(slot, int) and not isinstance(slot, bool)


def links(graph: Mapping[str, Mapping[str, Any]]) -> Iterator[Link]:
    for node_id, node in graph.items():
        for name, value in node.get("inputs", {}).items():
            if is_link(value):
                yield Link(node_id, name, value[0], value[1])


def title(node: Mapping[str, Any]) -> str:
    """What a person calls this node: the title given in the editor, else its class."""
    meta = node.get("_meta")
    given = meta.get("title") if isinstance(meta, dict) else None
    return given if isinstance(given, str) and given else str(node.get("class_type", ""))


def describe(node_id: str, node: Mapping[str, Any]) -> str:
    """How messages name a node."""
    name, kind = title(node), node.get("class_type")
    return f"node {node_id} ({name})" if name == kind else f"node {node_id} ({name!r}, {kind})"


def check(value: object) -> ApiGraph:
    """The same graph, once it is known to be sound. Raises GraphError that names the first fault."""
    if not isinstance(value, dict):
        raise GraphError(f"A graph is an object of nodes by id; this is {_kind(value)}.")
    if not value:
        raise GraphError("The graph is empty: it has no nodes.")
    if len(value) > MAX_NODES:
        raise GraphError(f"The graph has {len(value):,} nodes; at most {MAX_NODES:,} are allowed.")
    check_depth(value)
    for node_id, node in value.items():
        _check_node(node_id, node)
    for link in links(value):
        _check_link(value, link)
    order(value)
    return value


def order(graph: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """The ids of the nodes, sources before consumers. Raises GraphError on a cycle, naming its nodes."""
    sorter: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(graph, ()))
    for link in links(graph):
        sorter.add(link.node, link.source)
    try:
        return tuple(sorter.static_order())
    except CycleError as error:
        ring = " → ".join(reversed(error.args[1]))
        raise GraphError(f"The graph has a cycle: {ring}. Remove one of these links.") from error


def check_depth(value: object, limit: int = MAX_DEPTH) -> None:
    """Refuses JSON nested so deeply that code that walks it would fail."""
    level = [value]
    for _ in range(limit):
        level = [inner for outer in level for inner in _children(outer)]
        if not level:
            return
    raise GraphError(f"The workflow is nested more than {limit} levels deep.")


def find(graph: ApiGraph, reference: str) -> tuple[str, str]:
    """The node id and input name that `6.text` or `Title.text` means."""
    splits = [(reference[:dot], reference[dot + 1 :]) for dot in _dots(reference)]
    if not splits:
        raise GraphError(f"{reference!r} is not of the form 'id.widget' or 'Title.widget'.")
    known = [(matches, name) for owner, name in splits if (matches := _named(graph, owner))]
    if not known:
        raise GraphError(_unknown_node(graph, splits[0][0]))
    holding = [
        (node_id, name)
        for matches, name in known
        for node_id in matches
        if name in graph[node_id].get("inputs", {})
    ]
    if len(holding) > 1:
        raise GraphError(_ambiguous(reference, [node_id for node_id, _ in holding]))
    if holding:
        return holding[0]
    matches, name = known[0]
    if len(matches) > 1:
        raise GraphError(_ambiguous(reference, matches))
    return matches[0], name


def find_node(graph: ApiGraph, reference: str) -> str:
    """The id of the node that `9`, its title, or its class (where unique) means."""
    matches = _named(graph, reference)
    if not matches and "." in reference:
        matches = _named(graph, reference.rpartition(".")[0])
    if not matches:
        raise GraphError(_unknown_node(graph, reference))
    if len(matches) > 1:
        raise GraphError(_ambiguous(reference, matches))
    return matches[0]


def nearest(word: str, known: Iterator[str] | list[str]) -> str:
    """` Did you mean 'x'?` when one of the known names is close, else nothing."""
    found = process.extractOne(word, list(known), score_cutoff=60)
    return f" Did you mean {found[0]!r}?" if found else ""


def _is_node(node: object) -> bool:
    return isinstance(node, dict) and isinstance(node.get("class_type"), str)


def _check_node(node_id: object, node: object) -> None:
    if not isinstance(node_id, str) or not node_id:
        raise GraphError(f"Node ids are texts that aren't empty; {node_id!r} is not.")
    if not isinstance(node, dict):
        raise GraphError(f"Node {node_id} is {_kind(node)}; it must be an object with class_type and inputs.")
    if not isinstance(node.get("class_type"), str) or not node["class_type"]:
        raise GraphError(f"Node {node_id} has no class_type: a text that names the node's class.")
    if not isinstance(node.get("inputs", {}), dict):
        raise GraphError(f"The inputs of node {node_id} are {_kind(node['inputs'])}; they must be an object.")


def _check_link(graph: ApiGraph, link: Link) -> None:
    if link.source not in graph:
        raise GraphError(
            f"Input {link.name!r} of {describe(link.node, graph[link.node])} is linked to node "
            f"{link.source}, which isn't in the graph."
        )
    if link.slot < 0:
        raise GraphError(f"Input {link.name!r} of node {link.node} is linked to a negative output slot.")


def _children(value: object) -> list[Any]:
    if isinstance(value, dict):
        return [inner for inner in value.values() if isinstance(inner, dict | list)]
    return [inner for inner in value if isinstance(inner, dict | list)] if isinstance(value, list) else []


def _dots(reference: str) -> list[int]:
    return [
        place for place, letter in enumerate(reference) if letter == "." and 0 < place < len(reference) - 1
    ]


def _named(graph: ApiGraph, owner: str) -> list[str]:
    if owner in graph:
        return [owner]
    titled = [node_id for node_id, node in graph.items() if title(node) == owner]
    return titled or [node_id for node_id, node in graph.items() if node["class_type"] == owner]


def _unknown_node(graph: ApiGraph, owner: str) -> str:
    known = dict.fromkeys([*graph, *(title(node) for node in graph.values())])
    return f"No node has the id or title {owner!r}.{nearest(owner, list(known))}"


def _ambiguous(reference: str, matches: list[str]) -> str:
    return f"{reference!r} could mean nodes {', '.join(matches[:5])}: use the id instead of the title."


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
