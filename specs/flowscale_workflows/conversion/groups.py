"""Legacy group nodes (`workflow>Name`, kept in `extra.groupNodes`) rewritten as subgraphs."""

from collections.abc import Iterator, Mapping
from typing import Any

from flowscale_workflows.errors import ConversionError

_PREFIXES = ("workflow>", "workflow/")


def with_groups_as_subgraphs(ui: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """A subgraph definition for each group node that the workflow keeps, under the type that uses it."""
    extra = ui.get("extra")
    groups = extra.get("groupNodes") if isinstance(extra, Mapping) else None
    if not isinstance(groups, Mapping):
        return {}
    found: dict[str, Mapping[str, Any]] = {}
    for name, data in groups.items():
        if not isinstance(data, Mapping) or not isinstance(data.get("nodes"), list):
            raise ConversionError(f"The group node {name!r} is damaged: it has no list of nodes.")
        definition = _definition(data)
        found |= {f"{prefix}{name}": definition for prefix in _PREFIXES}
    return found


def _definition(data: Mapping[str, Any]) -> dict[str, Any]:
    nodes = [_node(index, node) for index, node in enumerate(data["nodes"]) if isinstance(node, Mapping)]
    inner = [_inner_link(number, link) for number, link in enumerate(data.get("links") or [])]
    links = [link for link in inner if link]
    inputs = list(_inputs(nodes, links))
    outputs = list(_outputs(nodes, links, data.get("external") or []))
    entering = [_link(len(links) + at, -10, at, index, slot) for at, (_, index, slot) in enumerate(inputs)]
    base = len(links) + len(entering)
    leaving = [_link(base + at, index, slot, -20, at) for at, (_, index, slot) in enumerate(outputs)]
    everything = [*links, *entering, *leaving]
    return {
        "nodes": [_linked(node, everything) for node in nodes],
        "links": everything,
        "inputs": [{"name": name, "type": "*"} for name, _, _ in inputs],
        "outputs": [{"name": name, "type": "*"} for name, _, _ in outputs],
    }


def _node(index: int, node: Mapping[str, Any]) -> dict[str, Any]:
    return {**node, "id": index, "type": str(node.get("type", ""))}


def _inner_link(number: int, link: object) -> dict[str, Any] | None:
    """An inner link of a group is `source index, slot, target index, slot, ...`."""
    if not isinstance(link, list) or len(link) < 4 or not all(isinstance(part, int) for part in link[:4]):
        return None
    return _link(number, link[0], link[1], link[2], link[3])


def _link(number: int, origin: int, origin_slot: int, target: int, target_slot: int) -> dict[str, Any]:
    return {
        "id": number,
        "origin_id": origin,
        "origin_slot": origin_slot,
        "target_id": target,
        "target_slot": target_slot,
    }


def _inputs(nodes: list[dict[str, Any]], links: list[dict[str, Any]]) -> Iterator[tuple[str, int, int]]:
    """The open inputs of the group, named as on the group node: once used names get the title in front."""
    taken = {(link["target_id"], link["target_slot"]) for link in links}
    seen: set[str] = set()
    for node in nodes:
        for slot, item in enumerate(node.get("inputs") or []):
            if not isinstance(item, Mapping) or (node["id"], slot) in taken:
                continue
            name = str(item.get("name", ""))
            if name in seen:
                name = f"{node.get('title') or node['type']} {name}"
            while name in seen:
                name += " 1"
            seen.add(name)
            yield name, node["id"], slot


def _outputs(
    nodes: list[dict[str, Any]], links: list[dict[str, Any]], external: object
) -> Iterator[tuple[str, int, int]]:
    """The outputs that the group shows: those that nothing inside takes, or that are marked to be shown."""
    used = {(link["origin_id"], link["origin_slot"]) for link in links}
    listed = external if isinstance(external, list) else []
    shown = {(item[0], item[1]) for item in listed if isinstance(item, list) and len(item) >= 2}
    for node in nodes:
        for slot, item in enumerate(node.get("outputs") or []):
            if (node["id"], slot) not in used or (node["id"], slot) in shown:
                yield str(item.get("name", "") if isinstance(item, Mapping) else ""), node["id"], slot


def _linked(node: dict[str, Any], links: list[dict[str, Any]]) -> dict[str, Any]:
    feeding = {link["target_slot"]: link["id"] for link in links if link["target_id"] == node["id"]}
    inputs = [item for item in node.get("inputs") or [] if isinstance(item, Mapping)]
    return {**node, "inputs": [{**item, "link": feeding.get(slot)} for slot, item in enumerate(inputs)]}
