"""`Pipeline`: several steps with conditions, loops and handlers."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from flowscale_specs.kinds.base import Document, Part
from flowscale_specs.kinds.fields import WHOLE, Key, Text
from flowscale_specs.kinds.interface import InputSpec
from flowscale_specs.kinds.steps import Step
from flowscale_specs.values import Allowance, Duration


class Handlers(Part):
    """Steps at the end."""

    success: tuple[Step, ...] = Field((), description="When all went well.")
    failure: tuple[Step, ...] = Field((), description="When a step failed; they see `${error}`.")
    exit: tuple[Step, ...] = Field((), description="In any case, last.")


class PipelineSpec(Part):
    """Several steps with conditions, loops and handlers."""

    description: Text = Field("", description="What it is for, for people.")
    inputs: dict[Key, InputSpec] = Field(
        default_factory=dict, description="What it is started with: `${inputs.name}`."
    )
    steps: Annotated[tuple[Step, ...], Field(min_length=1)] = Field(description="What is done.")
    outputs: dict[Key, Text] = Field(
        default_factory=dict, description="What it gives: name -> `${steps.name.output}`."
    )
    handlers: Handlers = Field(default_factory=Handlers, description="Steps at the end.")
    timeout: Duration = Field(Duration(86_400), description="How long the whole may take.")
    parallelism: Annotated[int, Field(ge=1, le=1000), WHOLE] = Field(
        8, description="Steps at once, over all branches."
    )
    limit: Allowance | None = Field(None, description="What the whole may cost; no limit unless said.")

    @model_validator(mode="after")
    def _steps_know_each_other(self) -> Self:
        names: set[str] = set()
        for step in (
            *_all(self.steps),
            *_all((*self.handlers.success, *self.handlers.failure, *self.handlers.exit)),
        ):
            if step.name in names:
                raise ValueError(f"two steps are called {step.name}")
            missing = [name for name in step.after if name not in names]
            if missing:
                raise ValueError(f"step {step.name} comes after {missing[0]}, which is no step before it")
            names.add(step.name)
        return self


def _all(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Steps and the steps within them, in the order they are written."""
    for step in steps:
        yield step
        cases = [case.steps for case in step.switch]
        loops = [loop.steps for loop in (step.for_each, step.repeat) if loop is not None]
        for inner in (step.steps, step.parallel, *cases, *loops, step.handler):
            yield from _all(inner)


class Pipeline(Document):
    """Several steps that build on each other: runs, checks, approvals, calls and data, with conditions and loops."""

    executes: ClassVar[bool] = True
    kind: Literal["Pipeline"] = Field("Pipeline", description="`Pipeline`.")
    spec: PipelineSpec = Field(description="The pipeline.")
