"""A pipeline as a graph: its steps, and which leads to which under what condition."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from flowscale_specs.kinds.pipeline import PipelineSpec
from flowscale_specs.kinds.steps import ACTIONS, Step

Ends = list[tuple[str, str]]
"""Nodes that lead on, each with the label of the arrow that leaves it."""


@dataclass
class Graph:
    """Nodes by id with (kind, label), in the order of the document, and arrows with labels."""

    nodes: dict[str, tuple[str, str]] = field(default_factory=dict)
    arrows: list[tuple[str, str, str]] = field(default_factory=list)


def graph(spec: PipelineSpec) -> Graph:
    """The graph of a pipeline with its handlers."""
    made = Graph({"start": ("end", "start")})
    ends = _sequence(spec.steps, [("start", "")], made)
    for label, steps in (("success", spec.handlers.success), ("failure", spec.handlers.failure)):
        if steps:
            ends = [*ends, *_sequence(steps, [(node, label) for node, _ in ends[:1]], made)]
    ends = _sequence(spec.handlers.exit, ends, made)
    made.nodes["end"] = ("end", "end")
    _lead(ends, "end", made)
    return made


def action(step: Step) -> str:
    """The name of the step's action."""
    return next(name for name in ACTIONS if getattr(step, "validate_" if name == "validate" else name))


def _sequence(steps: Sequence[Step], ends: Ends, made: Graph) -> Ends:
    for step in steps:
        ends = _step(step, ends, made)
    return ends


def _step(step: Step, ends: Ends, made: Graph) -> Ends:
    kind = action(step)
    target = next((str(value) for value in (step.run, step.batch, step.pipeline) if value), "")
    made.nodes[step.name] = (kind, f"{step.name}\n{kind} {target}".strip())
    _lead([(node, label or _shortened(step.if_)) for node, label in ends], step.name, made)
    here: Ends = [(step.name, "")]
    after = _within(step, here, made)
    if step.handler:
        after = [*after, *_sequence(step.handler, [(step.name, "on error")], made)]
    return after if step.if_ is None else [*after, *((node, "else") for node, _ in ends)]


def _within(step: Step, here: Ends, made: Graph) -> Ends:
    """Where the steps within a step lead."""
    if step.steps:
        return _sequence(step.steps, here, made)
    if step.parallel:
        return _parallel(step, made)
    if step.switch:
        found: Ends = []
        for case in step.switch:
            label = "else" if case.if_ is None else _shortened(case.if_)
            found += _sequence(case.steps, [(step.name, label)], made)
        return found if step.switch[-1].if_ is None else [*found, (step.name, "else")]
    for loop, label in ((step.for_each, "for each"), (step.repeat, "again")):
        if loop is not None:
            return _sequence(loop.steps, [(step.name, label)], made)
    return here


def _parallel(step: Step, made: Graph) -> Ends:
    last: dict[str, Ends] = {}
    for one in step.parallel:
        before = [end for name in one.after if name in last for end in last[name]]
        last[one.name] = _step(one, before or [(step.name, "")], made)
    followed = {name for one in step.parallel for name in one.after}
    return [end for name, ends in last.items() if name not in followed for end in ends]


def _lead(ends: Ends, node: str, made: Graph) -> None:
    made.arrows += [(source, node, label) for source, label in ends]


def _shortened(text: str | None) -> str:
    return "" if text is None else text if len(text) <= 32 else f"{text[:30]}…"
