"""Things that come before themselves: promotions between environments, pipelines that call each other."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from flowscale_specs.checks.references import references
from flowscale_specs.kinds import Pipeline, Promotion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from flowscale_specs.documents import Documents, Entry
    from flowscale_specs.errors import SpecError

Steps = tuple[str | int, ...]
_DRAWN = 8
_Graph = dict[str, dict[str, tuple["Entry[Promotion]", Steps]]]
"""environment -> next environment -> where that is said"""


def promotion_cycles(documents: Documents) -> Iterator[SpecError]:
    """Environments that a deployment would be promoted through in a circle."""
    promotions = documents.of(Promotion)
    for entry in promotions:
        yield from _unknown_stages(entry)
    told: set[frozenset[str]] = set()
    for graph in _graphs(promotions):
        cycle = find_cycle({before: tuple(after) for before, after in graph.items()})
        if cycle and frozenset(cycle) not in told:
            told.add(frozenset(cycle))
            entry, steps = graph[cycle[-1]][cycle[0]]
            yield entry.fault(steps, f"a promotion in a circle: {_drawn(cycle)}")


def _graphs(promotions: tuple[Entry[Promotion], ...]) -> Iterator[_Graph]:
    """How each deployment moves: by the promotions that name it, and by those that name none."""
    shared = [entry for entry in promotions if not entry.document.spec.deployments]
    naming: dict[str, list[Entry[Promotion]]] = {}
    for entry in promotions:
        for deployment in entry.document.spec.deployments:
            naming.setdefault(deployment, []).append(entry)
    for group in (shared, *((*shared, *own) for own in naming.values())):
        graph: _Graph = {}
        for entry in group:
            for before, after, steps in _moves(entry):
                graph.setdefault(before, {})[after] = (entry, steps)
        yield graph


def _moves(entry: Entry[Promotion]) -> Iterator[tuple[str, str, Steps]]:
    """(environment, next environment, where that is said)."""
    before: tuple[str, ...] = ()
    for index, stage in enumerate(entry.document.spec.stages):
        for environment in before if stage.after is None else stage.after:
            yield environment, stage.environment, ("spec", "stages", index)
        before = (stage.environment,)


def _unknown_stages(entry: Entry[Promotion]) -> Iterator[SpecError]:
    stages = entry.document.spec.stages
    names = dict.fromkeys(stage.environment for stage in stages)
    seen: set[str] = set()
    for index, stage in enumerate(stages):
        if stage.environment in seen:
            yield entry.fault(
                ("spec", "stages", index), f"environment {stage.environment} is a stage already"
            )
        seen.add(stage.environment)
        for number, name in enumerate(stage.after or ()):
            if name not in names:
                steps = ("spec", "stages", index, "after", number)
                yield entry.fault(
                    steps, f"{name} is no stage of this promotion", f"one of {', '.join(names)}"
                )


def pipeline_cycles(documents: Documents) -> Iterator[SpecError]:
    """Pipelines that call each other in a circle: they would never end."""
    calls = {
        entry.name: {ref.name: ref.steps for ref in references(entry) if ref.kind == "Pipeline"}
        for entry in documents.of(Pipeline)
    }
    cycle = find_cycle({name: tuple(called) for name, called in calls.items()})
    if cycle:
        entry = documents.names("Pipeline")[cycle[-1]]
        steps = calls[cycle[-1]][cycle[0]]
        yield entry.fault(steps, f"pipelines call each other in a circle: {_drawn(cycle)}")


def _drawn(cycle: tuple[str, ...]) -> str:
    """A circle for people; of a large one only the first and the last."""
    shown = cycle if len(cycle) <= _DRAWN else (*cycle[: _DRAWN - 2], "...", cycle[-1])
    return " -> ".join((*shown, cycle[0]))


def find_cycle(graph: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The nodes of a circle, each before the one it leads to; empty if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return tuple(reversed(error.args[1]))[:-1]
    return ()
