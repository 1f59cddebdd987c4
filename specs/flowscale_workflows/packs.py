"""Which node packs a workflow needs: what its nodes say of themselves, inside subgraphs too, else a map of class names."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flowscale_workflows.conversion.virtual import VIRTUAL

CORE = "comfy-core"
ClassMap = Mapping[str, Sequence[str]]
"""By class name the sources of the packs that claim it."""


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack that is needed: `source` is a name of the node registry or the address of a git repository."""

    source: str
    version: str
    classes: tuple[str, ...]
    here: bool
    """Whether all those classes are there already."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a workflow needs. `unknown` classes are claimed by nobody, `ambiguous` ones by several packs."""

    packs: tuple[Pack, ...]
    unknown: tuple[str, ...] = ()
    ambiguous: tuple[tuple[str, tuple[str, ...]], ...] = ()


def needed(workflow: Mapping[str, Any], known: Mapping[str, Any], claims: ClassMap | None = None) -> Needs:
    """The packs of a workflow in either form; `known` are the classes that are there, with any value."""
    found: dict[tuple[str, str], set[str]] = {}
    unknown: set[str] = set()
    ambiguous: dict[str, tuple[str, ...]] = {}
    for class_type, properties in classes(workflow):
        source, version = said(properties)
        if not source and class_type in known:
            continue
        if not source:
            listed = tuple(dict.fromkeys((claims or {}).get(class_type, ())))
            if not listed:
                unknown.add(class_type)
                continue
            if len(listed) > 1:
                ambiguous[class_type] = listed
                continue
            source, version = listed[0], ""
        if source != CORE:
            found.setdefault((source, version), set()).add(class_type)
        elif class_type not in known:
            found.setdefault((CORE, version), set()).add(class_type)
    packs = [
        Pack(source, version, tuple(sorted(names)), names <= known.keys())
        for (source, version), names in sorted(found.items())
    ]
    return Needs(tuple(packs), tuple(sorted(unknown)), tuple(sorted(ambiguous.items())))


def classes(workflow: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every class that the workflow uses with the properties of the node, those inside subgraphs too."""
    if not isinstance(workflow.get("nodes"), list):
        for node in workflow.values():
            if isinstance(node, Mapping) and isinstance(node.get("class_type"), str):
                yield node["class_type"], {}
        return
    graphs = [workflow, *_definitions(workflow)]
    inner = {graph.get("id") for graph in graphs[1:]}
    for graph in graphs:
        for node in graph.get("nodes") or ():
            kind = node.get("type") if isinstance(node, Mapping) else None
            if isinstance(kind, str) and kind not in inner and kind not in VIRTUAL and ">" not in kind:
                properties = node.get("properties")
                yield kind, properties if isinstance(properties, Mapping) else {}


def said(properties: Mapping[str, Any]) -> tuple[str, str]:
    """The pack and version that a node says it comes from."""
    version = properties.get("ver")
    given = str(version) if isinstance(version, str) else ""
    pack, place = properties.get("cnr_id"), properties.get("aux_id")
    if isinstance(pack, str) and pack:
        return pack, given
    if isinstance(place, str) and place.count("/") == 1:
        return f"https://github.com/{place}", given
    return "", ""


def _definitions(workflow: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Definitions of subgraphs, those inside others too."""
    found: list[Mapping[str, Any]] = []
    pending: list[Any] = [workflow]
    while pending:
        held = pending.pop(0).get("definitions")
        listed = held.get("subgraphs") if isinstance(held, Mapping) else None
        inner = [one for one in listed or () if isinstance(one, Mapping) and one not in found]
        found += inner
        pending += inner
    for name, group in ((workflow.get("extra") or {}).get("groupNodes") or {}).items():
        if isinstance(group, Mapping):
            found.append({"id": f"workflow>{name}", "nodes": group.get("nodes")})
    return found
