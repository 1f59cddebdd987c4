"""The spec of a `WorkflowDeployment` resource: a resolved deployment under the field names of the kind."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from flowscale_specs import resolved
from flowscale_specs.kinds.access import Auth, Cors, Event, Jwt, Webhook
from flowscale_specs.kinds.deployment import Cache, Limits, Scaling, WorkflowDeploymentSpec
from flowscale_specs.kinds.gpu import GpuTypeSpec, Toleration
from flowscale_specs.kinds.promotion import Metric
from flowscale_specs.kinds.rollout import Rollout, Window
from flowscale_specs.resources.project import ProjectShape
from flowscale_specs.resources.shape import Amount, NameOrNone, Percent, Seconds, Shape, Whole, said
from flowscale_specs.resources.workflow import WorkflowShape


class TolerationShape(Shape):
    """A taint that pods accept."""

    resolved = resolved.ResolvedToleration

    key: str = Field(description=said(Toleration, "key"))
    operator: str = Field(description=said(Toleration, "operator"))
    value: str | None = Field(None, description=said(Toleration, "value"))
    effect: str | None = Field(None, description=said(Toleration, "effect"))


class GpuShape(Shape):
    """Where runs compute and what that costs."""

    resolved = resolved.ResolvedGpu

    name: str = Field(description="The name of the GpuType.")
    memory: Whole = Field(description="GPU memory of one instance in bytes; 0 on the CPU.")
    price: Whole = Field(description=said(GpuTypeSpec, "price", "micro-dollars"))
    resource: NameOrNone = Field("", description=said(GpuTypeSpec, "resource"))
    count: Whole = Field(description=said(GpuTypeSpec, "count"))
    node_selector: dict[str, str] = Field(description=said(GpuTypeSpec, "node_selector"))
    tolerations: tuple[TolerationShape, ...] = Field(description=said(GpuTypeSpec, "tolerations"))
    mig: NameOrNone = Field("", description=said(GpuTypeSpec, "mig"))
    replicas: Whole = Field(alias="timeSlicing", description=said(GpuTypeSpec, "time_slicing"))


class WindowShape(Shape):
    """Hours at which a number of instances stand ready."""

    resolved = resolved.ResolvedWindow

    cron: str = Field(description=said(Window, "cron"))
    duration: Seconds = Field(description=said(Window, "duration", "seconds"))
    time_zone: str = Field(description=said(Window, "time_zone"))
    min: Whole = Field(description=said(Window, "min"))


class ScalingShape(Shape):
    """How many instances stand ready, and when that changes."""

    resolved = resolved.ResolvedScaling

    mode: Literal["auto", "fixed", "batch", "on-demand"] = Field(description=said(Scaling, "mode"))
    min: Whole = Field(description="Instances that always run.")
    max: Whole = Field(description="Instances that run at most.")
    warm: Whole = Field(description=said(Scaling, "warm"))
    queue_depth: Whole = Field(description=said(Scaling, "queue_depth"))
    latency: Seconds | None = Field(None, description=said(Scaling, "latency", "seconds"))
    cost: Whole | None = Field(None, description=said(Scaling, "cost", "micro-dollars an hour"))
    predictive: bool = Field(description=said(Scaling, "predictive"))
    schedule: tuple[WindowShape, ...] = Field((), description=said(Scaling, "schedule"))
    priority: int = Field(0, description=said(Scaling, "priority"))
    idle_timeout: Seconds = Field(description=said(Scaling, "idle_timeout", "seconds"))
    cooldown: Seconds = Field(description=said(Scaling, "cooldown", "seconds"))


class MetricShape(Shape):
    """A number that a new version must keep to: seconds, dollars, or a part of 1."""

    resolved = resolved.ResolvedMetric

    name: str = Field(description=said(Metric, "name"))
    maximum: Amount | None = Field(None, description=said(Metric, "maximum"))
    minimum: Amount | None = Field(None, description=said(Metric, "minimum"))
    change: Amount | None = Field(None, description=said(Metric, "change", "parts of 1"))


class RolloutShape(Shape):
    """How a new version takes over."""

    resolved = resolved.ResolvedRollout

    mode: Literal["canary", "mirror", "experiment"] = Field(description=said(Rollout, "mode"))
    steps: tuple[Amount, ...] = Field(description=said(Rollout, "steps", "percent"))
    interval: Seconds = Field(description=said(Rollout, "interval", "seconds"))
    runs: Whole = Field(description=said(Rollout, "runs"))
    metrics: tuple[MetricShape, ...] = Field(description=said(Rollout, "metrics"))
    error_rate: Amount = Field(description=said(Rollout, "error_rate", "parts of 1"))
    confidence: Amount = Field(description=said(Rollout, "confidence", "parts of 1"))
    automatic: bool = Field(description=said(Rollout, "automatic"))


def _rate_pair(written: Any) -> Any:
    return (written["requests"], written["seconds"]) if isinstance(written, Mapping) else written


Rate = Annotated[
    tuple[int, float],
    BeforeValidator(_rate_pair),
    PlainSerializer(lambda rate: {"requests": rate[0], "seconds": int(rate[1])}),
    WithJsonSchema(
        {
            "type": "object",
            "required": ["requests", "seconds"],
            "properties": {"requests": {"type": "integer"}, "seconds": {"type": "integer"}},
        }
    ),
]


class LimitsShape(Shape):
    """What a run and a caller may use."""

    resolved = resolved.ResolvedLimits

    timeout: Seconds = Field(description=said(Limits, "timeout", "seconds"))
    queue: Whole = Field(description=said(Limits, "queue"))
    concurrency: Whole = Field(description="Runs that compute at once.")
    body: Whole = Field(description=said(Limits, "body", "bytes"))
    rate: Rate | None = Field(None, description=said(Limits, "rate"))
    memory: Whole | None = Field(None, description=said(Limits, "memory", "bytes"))
    attempts: Whole = Field(description=said(Limits, "attempts"))
    idempotency_window: Seconds | None = Field(
        None, description=said(Limits, "idempotency_window", "seconds")
    )


class CacheShape(Shape):
    """Whether a repeated run is answered from an earlier one."""

    resolved = resolved.ResolvedCache

    enabled: bool = Field(description=said(Cache, "enabled"))
    ttl: Seconds | None = Field(None, description=said(Cache, "ttl", "seconds"))
    fuzzy: tuple[str, ...] = Field(description=said(Cache, "fuzzy"))


class JwtShape(Shape):
    """Whose tokens are accepted beside API keys."""

    resolved = resolved.ResolvedJwt

    issuer: str = Field(description=said(Jwt, "issuer"))
    audience: str = Field(description=said(Jwt, "audience"))
    keys: NameOrNone = Field("", description=said(Jwt, "keys"))
    user: str = Field("sub", description=said(Jwt, "user"))
    groups: str = Field("groups", description=said(Jwt, "groups"))
    role: str = Field("contributor", description=said(Jwt, "role"))
    leeway: Seconds = Field(60.0, description=said(Jwt, "leeway", "seconds"))


class AuthShape(Shape):
    """Who may call."""

    resolved = resolved.ResolvedAuth

    required: bool = Field(description=said(Auth, "required"))
    allowed_addresses: tuple[str, ...] = Field(description=said(Auth, "allowed_addresses"))
    signed: bool = Field(description=said(Auth, "signed"))
    jwt: JwtShape | None = Field(None, description=said(Auth, "jwt"))


class CorsShape(Shape):
    """Which web pages may call from a browser."""

    resolved = resolved.ResolvedCors

    origins: tuple[str, ...] = Field(description=said(Cors, "origins"))
    headers: tuple[str, ...] = Field(description=said(Cors, "headers"))
    credentials: bool = Field(description=said(Cors, "credentials"))
    max_age: Seconds = Field(description=said(Cors, "max_age", "seconds"))


class WebhookShape(Shape):
    """An address that is told about events."""

    resolved = resolved.ResolvedWebhook

    url: str = Field(description=said(Webhook, "url"))
    events: tuple[Event, ...] = Field(description=said(Webhook, "events"))
    secret: NameOrNone = Field("", description="The secret that deliveries are signed with: `name/key`.")


class DeploymentShape(Shape):
    """One workflow that answers over REST, with nothing left to default."""

    workflow: str = Field(description="The Workflow that is served.")
    workflow_details: WorkflowShape | None = Field(
        None, description="What that Workflow declares, for policies."
    )
    description: str = Field(description=said(WorkflowDeploymentSpec, "description"))
    labels: dict[str, str] = Field(
        default_factory=dict, description="Labels of the spec, which policies select by."
    )
    traffic: dict[str, Percent] = Field(
        description="Which part of the runs each version gets, in percent; they add up to 100."
    )
    gpu: str = Field(description=said(WorkflowDeploymentSpec, "gpu"))
    gpu_type: GpuShape = Field(description="That type, resolved.")
    comfyui: tuple[str, ...] = Field((), description=said(WorkflowDeploymentSpec, "comfyui"))
    scaling: ScalingShape = Field(description=said(WorkflowDeploymentSpec, "scaling"))
    rollout: RolloutShape | None = Field(None, description=said(WorkflowDeploymentSpec, "rollout"))
    limits: LimitsShape = Field(description=said(WorkflowDeploymentSpec, "limits"))
    cache: CacheShape = Field(description="Answering repeated runs from earlier ones.")
    auth: AuthShape = Field(description=said(WorkflowDeploymentSpec, "auth"))
    cors: CorsShape = Field(description="Which web pages may call.")
    webhooks: tuple[WebhookShape, ...] = Field(description=said(WorkflowDeploymentSpec, "webhooks"))
    budget: NameOrNone = Field("", description=said(WorkflowDeploymentSpec, "budget"))
    budgets: tuple[str, ...] = Field(description="The Budget resources that its runs count in.")
    variables: dict[str, str] = Field(description="Environment variables of its nodes.")
    secrets: dict[str, str] = Field(description="Environment variables from secrets: `name/key`.")
    tags: tuple[str, ...] = Field(description=said(WorkflowDeploymentSpec, "tags"))
    releases: dict[str, str] = Field(description="The release of each version, by digest.")
    project: ProjectShape = Field(description="Whose deployment it is.")
