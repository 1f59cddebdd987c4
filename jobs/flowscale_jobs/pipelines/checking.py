"""What is wrong with pipelines before they run: names, expressions and the types of what runs are given."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flowscale_jobs.errors import ExpressionError
from flowscale_jobs.expressions import bare, compiled, expressions
from flowscale_specs import InputSpec, ResolvedProject
from flowscale_specs.kinds.pipeline import Pipeline
from flowscale_specs.kinds.steps import Step

_STEPS = re.compile(r"(?<![\w.])steps\.(\w+)")
_INPUTS = re.compile(r"(?<![\w.])inputs\.(\w+)")
TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
}


def faults(project: ResolvedProject) -> list[str]:
    """One sentence for each thing that is wrong, with the pipeline and the step that it is in."""
    return [
        f"pipeline {pipeline.name}: {fault}"
        for pipeline in project.pipelines
        for fault in (*_pipeline(pipeline, project), *_circles(pipeline, project))
    ]


def _pipeline(pipeline: Pipeline, project: ResolvedProject) -> Iterator[str]:
    spec = pipeline.spec
    seen: set[str] = set()
    yield from _sequence(spec.steps, pipeline, project, seen)
    for name, text in spec.outputs.items():
        yield from (f"output {name}: {fault}" for fault in _texts(expressions(text), pipeline, seen))
    for handlers in (spec.handlers.success, spec.handlers.failure, spec.handlers.exit):
        yield from _sequence(handlers, pipeline, project, set(seen))


def _sequence(
    steps: Sequence[Step], pipeline: Pipeline, project: ResolvedProject, seen: set[str]
) -> Iterator[str]:
    """Faults of steps one after the other; `seen` grows by their names."""
    for step in steps:
        yield from (f"step {step.name}: {fault}" for fault in _own(step, pipeline, project, seen))
        for inner in (*(case.steps for case in step.switch), step.handler):
            yield from _sequence(inner, pipeline, project, set(seen))
        for loop in (step.for_each, step.repeat):
            if loop is not None:
                within = set(seen)
                yield from _sequence(loop.steps, pipeline, project, within)
                if step.repeat is not None:
                    yield from _prefixed(step, _texts([step.repeat.until], pipeline, within))
        yield from _sequence(step.steps, pipeline, project, seen)
        yield from _parallel(step, pipeline, project, seen)
        for case in step.switch:
            seen.update(one.name for one in case.steps)
        seen.add(step.name)


def _parallel(step: Step, pipeline: Pipeline, project: ResolvedProject, seen: set[str]) -> Iterator[str]:
    """Steps beside each other see those that they come after, and no others of their group."""
    before = set(seen)
    for one in step.parallel:
        yield from _sequence([one], pipeline, project, before | set(one.after))
    seen.update(one.name for one in step.parallel)


def _prefixed(step: Step, found: Iterator[str]) -> Iterator[str]:
    return (f"step {step.name}: {fault}" for fault in found)


def _own(step: Step, pipeline: Pipeline, project: ResolvedProject, seen: set[str]) -> Iterator[str]:
    yield from _texts(_expressions(step), pipeline, seen)
    if step.run is not None:
        declared = project.workflows[project.deployments[step.run].workflow].inputs
        yield from _inputs(step.inputs, declared)
    if step.pipeline is not None:
        inner = next(one for one in project.pipelines if one.name == step.pipeline)
        yield from _inputs(step.inputs, inner.spec.inputs)


def _expressions(step: Step) -> list[str]:
    """The expressions that a step itself evaluates; those of steps within it are theirs."""
    conditions = [step.if_, *(case.if_ for case in step.switch)]
    if step.validate_ is not None:
        conditions.append(step.validate_.rules.condition)
    values: list[Any] = [dict(step.inputs)]
    values += [part.value for part in (step.validate_, step.transform, step.load) if part is not None]
    values += [step.approve.message] if step.approve else []
    values += [step.for_each.items] if step.for_each else []
    values += [step.http.url, dict(step.http.headers), step.http.body] if step.http else []
    return [one for one in conditions if one is not None] + list(expressions(values))


def _inputs(given: Mapping[str, Any], declared: Mapping[str, InputSpec] | None) -> Iterator[str]:
    """Inputs that aren't declared, that are missing, or that have another type; none where nothing is declared."""
    if declared is None:
        return
    for name, value in given.items():
        if name not in declared:
            yield f"there is no input {name}: {', '.join(declared) or 'it takes none'}"
        elif not list(expressions(value)):
            yield from _type(name, value, declared[name])
    for name, spec in declared.items():
        if spec.required and name not in given:
            yield f"the input {name} is missing"


def _type(name: str, value: Any, spec: InputSpec) -> Iterator[str]:
    fitting = TYPES.get(spec.type or "", object)
    if not isinstance(value, fitting) or (isinstance(value, bool) and spec.type in ("integer", "number")):
        yield f"the input {name} is {value!r}, which is no {spec.type}"
    elif spec.choices is not None and value not in spec.choices:
        yield f"the input {name} is {value!r}, which is none of {', '.join(map(str, spec.choices))}"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if spec.minimum is not None and value < spec.minimum:
            yield f"the input {name} is {value}, below its minimum {spec.minimum}"
        if spec.maximum is not None and value > spec.maximum:
            yield f"the input {name} is {value}, above its maximum {spec.maximum}"


def _texts(texts: Any, pipeline: Pipeline, seen: set[str]) -> Iterator[str]:
    for text in texts:
        try:
            compiled(text)
        except ExpressionError as error:
            yield str(error)
            continue
        yield from _names(bare(text), pipeline, seen)


def _names(text: str, pipeline: Pipeline, seen: set[str]) -> Iterator[str]:
    """Names in an expression that nothing gives."""
    for name in sorted(set(_STEPS.findall(text)) - seen):
        yield f"{text!r} names the step {name}, which doesn't come before it"
    for name in sorted(set(_INPUTS.findall(text)) - set(pipeline.spec.inputs)):
        yield f"{text!r} names the input {name}, which the pipeline doesn't declare"


def _circles(pipeline: Pipeline, project: ResolvedProject) -> Iterator[str]:
    """A pipeline that would start itself."""
    calls = {one.name: set(_called(one.spec.steps)) for one in project.pipelines}
    reached, waiting = set[str](), [*calls[pipeline.name]]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += calls[name]
    if pipeline.name in reached:
        yield "it starts itself, and would never end"


def _called(steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        if step.pipeline is not None:
            yield step.pipeline
        for inner in within(step):
            yield from _called(inner)


def within(step: Step) -> list[Sequence[Step]]:
    """The groups of steps that a step holds."""
    loops = [loop.steps for loop in (step.for_each, step.repeat) if loop is not None]
    return [
        group
        for group in (step.steps, step.parallel, *(case.steps for case in step.switch), *loops, step.handler)
        if group
    ]
