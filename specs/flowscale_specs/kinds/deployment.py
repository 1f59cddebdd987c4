"""`WorkflowDeployment`: a workflow that answers over REST, and how."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from flowscale_specs.kinds.access import Auth, Cors, Webhook
from flowscale_specs.kinds.base import Document, Names, Part, SecretRef
from flowscale_specs.kinds.fields import WHOLE, Key, Name, Natural, Positive, Setting, Text, Variable, WebUrl
from flowscale_specs.kinds.rollout import Rollout, Window
from flowscale_specs.values import Duration, Memory, Percent, Price, Rate, Version, as_written

Instances = Annotated[int, Field(ge=0, le=10_000), WHOLE]


def _one_version(written: Any) -> Any:
    """A version alone gets all the traffic."""
    single = isinstance(written, str | int | float) and not isinstance(written, bool)
    return {as_written(written): "100%"} if single else written


Traffic = Annotated[
    dict[Version, Percent],
    BeforeValidator(_one_version, json_schema_input_type=dict[Version, Percent] | Version),
]


class Scaling(Part):
    """How many instances stand ready. A number alone is a fixed number of them; a word alone is the mode."""

    short_forms = ({"type": ["integer", "string"]},)

    mode: Literal["auto", "fixed", "batch", "on-demand"] = Field(
        "auto",
        description="`auto` follows demand, `fixed` keeps `min` instances, `batch` fills up to `max` while a queue is "
        "long, `on-demand` starts from zero for each use.",
    )
    min: Instances | None = Field(
        None, description="Instances that always run; 0 unless said (fixed: `max`, or 1)."
    )
    max: Instances | None = Field(None, description="Instances that run at most; 1 or `min` unless said.")
    warm: Instances = Field(0, description="Started instances kept in reserve beyond what demand needs.")
    queue_depth: Positive = Field(4, description="Queued runs an instance before another starts.")
    latency: Duration | None = Field(None, description="The answer time above which another instance starts.")
    cost: Price | None = Field(None, description="What scaling may reach at most, over all instances.")
    predictive: bool = Field(
        False, description="Whether instances start ahead of demand that comes regularly."
    )
    schedule: tuple[Window, ...] = Field((), description="Hours at which more than `min` stand ready.")
    priority: Annotated[int, Field(ge=-1000, le=1000), WHOLE] = Field(
        0, description="Who gets GPUs first where there aren't enough for all deployments of a project."
    )
    idle_timeout: Duration = Field(Duration(300), description="How long an instance without work stays.")
    cooldown: Duration = Field(Duration(60), description="How long nothing shrinks after something grew.")

    @classmethod
    def expand(cls, short: Any) -> Any:
        if isinstance(short, int) and not isinstance(short, bool):
            return {"mode": "fixed", "min": short, "max": short}
        return {"mode": short} if isinstance(short, str) else short

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        least, most = self.bounds
        if least > most:
            raise ValueError(f"min {least} is above max {most}")
        if self.mode == "fixed" and least != most:
            raise ValueError(
                f"a fixed number has min equal to max, not {least} and {most}: write scaling: {most}"
            )
        return self

    @property
    def bounds(self) -> tuple[int, int]:
        """The least and the greatest number of instances."""
        if self.mode == "fixed":
            given = self.min if self.max is None else self.max
            most = 1 if given is None else given
            return (most if self.min is None else self.min), most
        least = self.min or 0
        return least, max(1, least) if self.max is None else self.max


class Limits(Part):
    """What a run and a caller may use."""

    timeout: Duration = Field(Duration(600), description="How long a run may compute.")
    queue: Natural = Field(100, description="Runs that may wait; more are refused with 429.")
    concurrency: Positive | None = Field(
        None, description="Runs that compute at once; `scaling.max` unless said."
    )
    body: Memory = Field(Memory(100 * 2**20), description="The size of a request at most.")
    rate: Rate | None = Field(None, description="Requests for each key; no limit unless said.")
    memory: Memory | None = Field(None, description="Main memory of a run; no limit unless said.")
    attempts: Annotated[int, Field(ge=1, le=10), WHOLE] = Field(
        2, description="How often a run is started at most, when a worker dies under it."
    )
    idempotency_window: Duration | None = Field(
        None, description="How long the same inputs of the same caller are the same run; off unless said."
    )

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        if self.timeout <= 0:
            raise ValueError("timeout is zero: nothing could run")
        return self


class Cache(Part):
    """Answering repeated runs from earlier ones. `{}` or `true` turns it on; a time alone is its `ttl`."""

    short_forms = ({"type": ["boolean", "string"]},)

    enabled: bool = Field(True, description="Whether it is on.")
    ttl: Duration | None = Field(
        None, description="How long an answer is kept; as long as its outputs unless said."
    )
    fuzzy: tuple[Key, ...] = Field(
        (), description="Text inputs that are compared without case and white space."
    )

    @classmethod
    def expand(cls, short: Any) -> Any:
        if isinstance(short, bool):
            return {"enabled": short}
        return {"ttl": short} if isinstance(short, str | int | float) else short


class WorkflowDeploymentSpec(Part):
    """A workflow that answers over REST, and how."""

    workflow: Annotated[Name, Names("Workflow")] | None = Field(
        None,
        description="The Workflow that is served; the one of the same name, or the only one, unless said.",
    )
    description: Text = Field("", description="What it is for, for people.")
    traffic: Traffic | None = Field(
        None,
        description="Which part of the runs each version gets; they add up to 100%. All go to the workflow's version "
        "unless said. A version alone gets all.",
    )
    gpu: Annotated[Name, Names("GpuType")] = Field("CPU", description="The GpuType that runs compute on.")
    comfyui: Annotated[tuple[WebUrl, ...], Field(max_length=64)] = Field(
        (),
        description="ComfyUI servers that compute its runs, one run at a time each; FlowScale's own engine does unless said.",
    )
    scaling: Scaling = Field(default_factory=Scaling, description="How many instances stand ready.")
    rollout: Rollout | None = Field(
        None, description="How a new version takes over from the one before; all at once unless said."
    )
    limits: Limits = Field(default_factory=Limits, description="What a run and a caller may use.")
    cache: Cache | None = Field(
        None,
        description="Answering repeated runs from earlier ones; off unless said, as outputs may differ each time.",
    )
    auth: Auth = Field(default_factory=Auth, description="Who may call.")
    cors: Cors = Field(default_factory=Cors, description="Which web pages may call; none unless said.")
    webhooks: tuple[Webhook, ...] = Field((), description="Addresses that are told about events.")
    budget: Annotated[Name, Names("Budget")] | None = Field(
        None, description="The Budget that its runs are held to."
    )
    variables: dict[Variable, Setting] = Field(
        default_factory=dict, description="Environment variables of its nodes, over those of the project."
    )
    secrets: dict[Variable, SecretRef] = Field(
        default_factory=dict, description="Environment variables from secrets, over those of the project."
    )
    tags: tuple[Text, ...] = Field((), description="Words that usage is reported by.")


class WorkflowDeployment(Document):
    """A workflow that answers over REST: versions, machine, scaling, limits, cache, access and budget."""

    executes: ClassVar[bool] = True
    kind: Literal["WorkflowDeployment"] = Field("WorkflowDeployment", description="`WorkflowDeployment`.")
    spec: WorkflowDeploymentSpec = Field(
        default_factory=WorkflowDeploymentSpec, description="The deployment."
    )
