"""What changed between two graphs, whatever their nodes are numbered: a value, text and JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flowscale_workflows.graphs import ApiGraph, describe, is_link, title
from flowscale_workflows.matching import match

_ABSENT = None


@dataclass(frozen=True, slots=True)
class WidgetChange:
    """A literal that changed; None where there was none before or is none now."""

    node: str
    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Rewiring:
    """An input whose link changed; an end is `(node id, slot)` or None when it isn't linked."""

    node: str
    name: str
    before: tuple[str, int] | None
    after: tuple[str, int] | None


@dataclass(frozen=True, slots=True)
class Retitling:
    node: str
    before: str
    after: str


@dataclass(frozen=True)
class Differences:
    """Node ids are those of the new graph, in `removed` and in `before` of links those of the old one."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    widgets: tuple[WidgetChange, ...]
    rewired: tuple[Rewiring, ...]
    retitled: tuple[Retitling, ...]
    renumbered: Mapping[str, str]
    old: ApiGraph
    new: ApiGraph

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.widgets or self.rewired or self.retitled)

    def to_json(self) -> dict[str, Any]:
        return {
            "added": [_node(node_id, self.new) for node_id in self.added],
            "removed": [_node(node_id, self.old) for node_id in self.removed],
            "widgets": [
                {"node": item.node, "input": item.name, "before": item.before, "after": item.after}
                for item in self.widgets
            ],
            "rewired": [
                {
                    "node": item.node,
                    "input": item.name,
                    "before": _end(item.before),
                    "after": _end(item.after),
                }
                for item in self.rewired
            ],
            "retitled": [
                {"node": item.node, "before": item.before, "after": item.after} for item in self.retitled
            ],
            "renumbered": dict(self.renumbered),
        }

    def to_text(self) -> str:
        """One line a change, in the order added, removed, rewired, values, titles."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        for node_id in self.added:
            yield f"+ {describe(node_id, self.new[node_id])}"
        for node_id in self.removed:
            yield f"- {describe(node_id, self.old[node_id])}"
        for link in self.rewired:
            before, after = _shown_end(link.before, self.old), _shown_end(link.after, self.new)
            yield f"~ {describe(link.node, self.new[link.node])} {link.name}: from {before} to {after}"
        for change in self.widgets:
            where = describe(change.node, self.new[change.node])
            yield f"~ {where} {change.name}: {_shown(change.before)} → {_shown(change.after)}"
        for item in self.retitled:
            yield f"~ node {item.node}: title {item.before!r} → {item.after!r}"


def diff(old: ApiGraph, new: ApiGraph) -> Differences:
    """The changes that make `old` into `new`; nodes that only got other ids are no change."""
    pairs = match(old, new)
    partner = {after: before for before, after in pairs.items()}
    kept = [node_id for node_id in new if node_id in partner]
    inputs = [change for node_id in kept for change in _inputs(old, new, pairs, partner[node_id], node_id)]
    return Differences(
        added=tuple(node_id for node_id in new if node_id not in partner),
        removed=tuple(node_id for node_id in old if node_id not in pairs),
        widgets=tuple(change for change in inputs if isinstance(change, WidgetChange)),
        rewired=tuple(change for change in inputs if isinstance(change, Rewiring)),
        retitled=tuple(_titles(old, new, partner, kept)),
        renumbered={partner[node_id]: node_id for node_id in kept if partner[node_id] != node_id},
        old=old,
        new=new,
    )


def _inputs(
    old: ApiGraph, new: ApiGraph, pairs: Mapping[str, str], before_id: str, after_id: str
) -> Iterator[WidgetChange | Rewiring]:
    before, after = old[before_id].get("inputs", {}), new[after_id].get("inputs", {})
    for name in dict.fromkeys([*before, *after]):
        was, now = before.get(name, _ABSENT), after.get(name, _ABSENT)
        link_was = (was[0], was[1]) if is_link(was) else None
        link_now = (now[0], now[1]) if is_link(now) else None
        moved = (pairs.get(link_was[0]), link_was[1]) if link_was else None
        if moved != link_now:
            yield Rewiring(after_id, name, link_was, link_now)
        literal_was, literal_now = None if link_was else was, None if link_now else now
        if not _same(literal_was, literal_now):
            yield WidgetChange(after_id, name, literal_was, literal_now)


def _same(one: object, other: object) -> bool:
    """Equal, with 1 and 1.0 the same but 1 and true not."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _titles(old: ApiGraph, new: ApiGraph, partner: Mapping[str, str], kept: list[str]) -> Iterator[Retitling]:
    for node_id in kept:
        before, after = title(old[partner[node_id]]), title(new[node_id])
        if before != after:
            yield Retitling(node_id, before, after)


def _node(node_id: str, graph: ApiGraph) -> dict[str, str]:
    return {"id": node_id, "class_type": graph[node_id]["class_type"], "title": title(graph[node_id])}


def _end(end: tuple[str, int] | None) -> list[Any] | None:
    return list(end) if end else None


def _shown_end(end: tuple[str, int] | None, graph: ApiGraph) -> str:
    if end is None:
        return "nothing"
    source, slot = end
    return f"{describe(source, graph[source]) if source in graph else f'node {source}'} output {slot}"


def _shown(value: object) -> str:
    if value is _ABSENT:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
