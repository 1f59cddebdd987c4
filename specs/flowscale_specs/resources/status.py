"""The status of custom resources, which controllers alone write. Times are text as RFC 3339 has it."""

from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from flowscale_specs.resources.conditions import Condition
from flowscale_specs.resources.shape import Percent, Shape, Whole

Time = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
Evidence = Annotated[
    dict[str, Any], WithJsonSchema({"type": "object", "x-kubernetes-preserve-unknown-fields": True})
]
"""What a verdict rests on; each metric has fields of its own."""


class Rollout(Shape):
    """How far a new release has come."""

    candidate: str = Field("", description="The version that is tried.")
    digest: str = Field("", description="Its release.")
    step: Whole = Field(0, description="The step of the canary, from 0.")
    started_at: Time | None = Field(None, description="When the step began.")
    verdict: str = Field("", description="What the analysis says so far, such as progressing or healthy.")
    evidence: Evidence = Field(default_factory=dict, description="The numbers that the verdict rests on.")


class RolledBack(Shape):
    """A release that was taken back; it isn't tried again until the spec names another."""

    digest: str = Field(description="The release.")
    at: Time = Field(description="When it was taken back.")
    reason: str = Field("", description="Why.")


class ScalingStatus(Shape):
    """The last decision about the number of instances."""

    wanted: Whole = Field(description="Instances that should run.")
    reason: str = Field("", description="Why.")
    message: str = Field("", description="Why, in a sentence for people.")
    at: Time | None = Field(None, description="When it last came out differently.")
    memory: Evidence = Field(default_factory=dict, description="What the next decision has to know.")


class BudgetState(Shape):
    """What budgets say of a deployment."""

    exceeded: bool = Field(False, description="Whether a budget is used up.")
    until: Time | None = Field(None, description="When its period ends.")


class DeploymentStatus(Shape):
    """What is: instances, live weights, the rollout, and why."""

    observed_generation: Whole = Field(0, description="The generation of the spec that was acted on.")
    replicas: Whole = Field(0, description="Instances that there are.")
    ready_replicas: Whole = Field(0, description="Instances that answer.")
    weights: dict[str, Percent] = Field(default_factory=dict, description="The live traffic of each version.")
    rollout: Rollout | None = Field(None, description="How far a new release has come.")
    rolled_back: tuple[RolledBack, ...] = Field((), description="Releases that were taken back.")
    scaling: ScalingStatus | None = Field(None, description="The last decision about instances.")
    budget: BudgetState | None = Field(None, description="What budgets say.")
    conditions: tuple[Condition, ...] = Field((), description="Facts for people and other controllers.")


class BudgetStatus(Shape):
    """What was spent of a budget in the running period."""

    observed_generation: Whole = Field(0, description="The generation of the spec that was acted on.")
    period_start: Time | None = Field(None, description="When the period began.")
    period_end: Time | None = Field(None, description="When it ends.")
    spent: Whole = Field(0, description="What was spent. In micro-dollars.")
    reserved: Whole = Field(0, description="What running and queued runs may still spend. In micro-dollars.")
    exceeded: bool = Field(False, description="Whether the limit is reached.")
    alerts: tuple[Whole, ...] = Field((), description="The alerts that were sent in this period, in percent.")
    conditions: tuple[Condition, ...] = Field((), description="Facts for people and other controllers.")
