"""Ids of nodes inside subgraphs made unique, as the editor does when it loads a file.

The first holder of an id keeps it: the root, then the definitions in their order. Later holders get the
next free number after the file's last. What refers to inner nodes from outside is changed with them.
"""

from collections.abc import Mapping
from typing import Any


def renumbered(
    ui: Mapping[str, Any], subgraphs: Mapping[str, Mapping[str, Any]]
) -> tuple[Mapping[str, Any], dict[str, Mapping[str, Any]]]:
    """The root and the definitions with no inner id used twice; the originals stay untouched."""
    used = set(_ids(ui))
    last = _last_id(ui, used)
    changes: dict[str, dict[int, int]] = {}
    for name, data in subgraphs.items():
        fresh: dict[int, int] = {}
        for node_id in _ids(data):
            if node_id in used:
                last = _next_free(last, used)
                fresh[node_id] = last
            used.add(fresh.get(node_id, node_id))
        if fresh:
            changes[name] = fresh
    if not changes:
        return ui, dict(subgraphs)
    inner: dict[str, Mapping[str, Any]] = {
        name: _changed(data, changes.get(name, {}), changes) for name, data in subgraphs.items()
    }
    return _changed(ui, {}, changes), inner


def _ids(data: Mapping[str, Any]) -> list[int]:
    nodes = data.get("nodes")
    listed = nodes if isinstance(nodes, list) else []
    ids = [node.get("id") for node in listed if isinstance(node, Mapping)]
    return [node_id for node_id in ids if isinstance(node_id, int)]


def _last_id(ui: Mapping[str, Any], used: set[int]) -> int:
    state = ui.get("state")
    said = ui.get("last_node_id", state.get("lastNodeId") if isinstance(state, Mapping) else None)
    return said if isinstance(said, int) else max(used, default=0)


def _next_free(last: int, used: set[int]) -> int:
    last += 1
    while last in used:
        last += 1
    return last


def _changed(
    data: Mapping[str, Any], own: Mapping[int, int], changes: Mapping[str, Mapping[int, int]]
) -> dict[str, Any]:
    nodes = data.get("nodes")
    links = data.get("links")
    return {
        **data,
        "nodes": [_node(node, own, changes) for node in nodes] if isinstance(nodes, list) else nodes,
        "links": [_link(link, own) for link in links] if isinstance(links, list) else links,
    }


def _node(node: Any, own: Mapping[int, int], changes: Mapping[str, Mapping[int, int]]) -> Any:
    if not isinstance(node, Mapping):
        return node
    inner = changes.get(str(node.get("type")), {})
    properties = node.get("properties")
    proxies = properties.get("proxyWidgets") if isinstance(properties, Mapping) else None
    changed = {**node, "id": _fresh(node.get("id"), own)}
    if inner and isinstance(properties, Mapping) and isinstance(proxies, list):
        changed["properties"] = {**properties, "proxyWidgets": [_proxy(entry, inner) for entry in proxies]}
    return changed


def _link(link: Any, own: Mapping[int, int]) -> Any:
    if isinstance(link, Mapping):
        ends = {key: _fresh(link.get(key), own) for key in ("origin_id", "target_id")}
        return {**link, **ends}
    if isinstance(link, list) and len(link) >= 5:
        return [link[0], _fresh(link[1], own), link[2], _fresh(link[3], own), *link[4:]]
    return link


def _proxy(entry: Any, inner: Mapping[int, int]) -> Any:
    if isinstance(entry, list) and entry and str(entry[0]).isdecimal() and int(entry[0]) in inner:
        return [str(inner[int(entry[0])]), *entry[1:]]
    return entry


def _fresh(node_id: Any, own: Mapping[int, int]) -> Any:
    return own.get(node_id, node_id) if isinstance(node_id, int) else node_id
