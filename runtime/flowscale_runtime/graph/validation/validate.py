"""The whole graph: which outputs can run, and what is wrong with the rest."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..catalog import Catalog
from ..signatures import ordered
from .checks import NodeChecks
from .cycles import cycles
from .reports import Report, exception_fields, report
from .structure import linked_nodes, refuse_graph

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Validation:
    """`targets` are the outputs that can run; `node_errors` may be there even when some can (`ok`)."""

    ok: bool
    targets: tuple[str, ...] = ()
    error: dict[str, Any] | None = None
    node_errors: dict[str, dict[str, Any]] = field(default_factory=dict)


def validate(
    graph: Any,
    registry: Mapping[str, Any],
    targets: Sequence[str] | None = None,
    max_nodes: int | None = None,
) -> Validation:
    """Check a graph against the classes of `registry`. Never raises for what is in the graph.

    `targets` restricts the outputs that are looked at. Runs a loop of its own: on a running one use `avalidate`.
    """
    return asyncio.run(avalidate(graph, registry, targets, max_nodes))


async def avalidate(
    graph: Any,
    registry: Mapping[str, Any],
    targets: Sequence[str] | None = None,
    max_nodes: int | None = None,
) -> Validation:
    """As `validate`, on the running loop."""
    catalog = Catalog(registry)
    refused = refuse_graph(graph, catalog, max_nodes)
    if refused is not None:
        return Validation(False, error=refused)
    try:
        wanted = _outputs(graph, catalog, targets)
    except Exception as error:  # noqa: BLE001 (a class's own code)
        return Validation(False, error=_broken(error))
    if not wanted:
        return Validation(False, error=report("prompt_no_outputs", "The graph has no output node to run"))
    return _sum_up(graph, wanted, await _node_reports(graph, catalog, wanted))


def _outputs(graph: Mapping[str, Any], catalog: Catalog, targets: Sequence[str] | None) -> list[str]:
    wanted = set(graph if targets is None else targets)
    chosen = [node_id for node_id in graph if node_id in wanted]
    return [node_id for node_id in chosen if catalog[graph[node_id]["class_type"]].traits.output_node]


def _broken(error: Exception) -> Report:
    return report(
        "exception_during_validation", "A node class can't be read", str(error), **exception_fields(error)
    )


async def _node_reports(
    graph: Mapping[str, Any], catalog: Catalog, wanted: list[str]
) -> dict[str, list[Report]]:
    """Errors by node, of all that the outputs need; nodes that only depend on a bad one aren't in it."""
    order = ordered(wanted, lambda node_id: linked_nodes(graph, node_id))
    checks = NodeChecks(graph, catalog)
    found = cycles(order, lambda node_id: linked_nodes(graph, node_id))
    outputs = set(wanted)
    reports: dict[str, list[Report]] = {}
    for node_id in order:
        cycle = found.get(node_id)
        errors = [cycle] if cycle else await checks.of(node_id, inner=node_id not in outputs)
        if errors:
            reports[node_id] = errors
    return reports


def _sum_up(graph: Mapping[str, Any], wanted: list[str], reports: Mapping[str, list[Report]]) -> Validation:
    bad = _downstream(graph, wanted, reports)
    good = tuple(node_id for node_id in wanted if node_id not in bad)
    node_errors = {
        node_id: {"errors": errors, "dependent_outputs": [], "class_type": graph[node_id]["class_type"]}
        for node_id, errors in reports.items()
    }
    for output in wanted:
        if output in bad:
            for node_id in ordered(
                [output], lambda one: [src for src in linked_nodes(graph, one) if src in bad]
            ):
                if node_id in node_errors:
                    node_errors[node_id]["dependent_outputs"].append(output)
    if good:
        return Validation(True, good, None, node_errors)
    return Validation(False, (), _all_failed(reports), node_errors)


def _downstream(graph: Mapping[str, Any], wanted: list[str], reports: Mapping[str, Any]) -> set[str]:
    bad: set[str] = set()
    for node_id in ordered(wanted, lambda one: linked_nodes(graph, one)):
        if node_id in reports or any(source in bad for source in linked_nodes(graph, node_id)):
            bad.add(node_id)
    return bad


def _all_failed(reports: Mapping[str, list[Report]]) -> Report:
    told = [
        f"node {node_id}: {one['message']}: {one['details']}"
        for node_id, errors in reports.items()
        for one in errors
    ]
    return report("prompt_outputs_failed_validation", "No output of the graph can run", "; ".join(told))
