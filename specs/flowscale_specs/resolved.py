"""What a set of specs means, with nothing left to default: plain frozen values that the platform works on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal
    from pathlib import Path

    from flowscale_specs.kinds.batch import Batch
    from flowscale_specs.kinds.interface import InputSpec, OutputSpec
    from flowscale_specs.kinds.model import Model
    from flowscale_specs.kinds.pipeline import Pipeline
    from flowscale_specs.kinds.policy import Policy
    from flowscale_specs.kinds.project import Member, Retention
    from flowscale_specs.kinds.promotion import Promotion
    from flowscale_specs.kinds.schedule import Schedule
    from flowscale_specs.kinds.workflow import GoldenTest, ModelFile, NodePack


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedWorkflow:
    """A workflow file and what it offers. `source` is a path relative to `folder`, or a URL (then `sha256` is set)."""

    name: str
    version: str
    source: str
    sha256: str | None = None
    folder: Path = field(compare=False)
    """Where the spec file was; never part of a digest."""
    description: str = ""
    inputs: Mapping[str, InputSpec] | None = None
    outputs: Mapping[str, OutputSpec] | None = None
    models: tuple[ModelFile, ...] = ()
    packs: tuple[NodePack, ...] = ()
    tests: tuple[GoldenTest, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedToleration:
    """A node taint that pods of a GPU type accept."""

    key: str
    operator: str = "Exists"
    value: str | None = None
    effect: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedGpu:
    """Where runs compute and what that costs."""

    name: str
    memory: int
    """Bytes of GPU memory of one instance; 0 on the CPU."""
    price: int
    """Micro-dollars an hour."""
    resource: str | None
    """The resource that a pod asks Kubernetes for; None on the CPU."""
    count: int = 1
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[ResolvedToleration, ...] = ()
    mig: str | None = None
    replicas: int = 1
    """Instances that share one device by time-slicing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedWindow:
    """Hours at which a number of instances stand ready. `duration` is in seconds."""

    cron: str
    duration: float
    time_zone: str
    min: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedMetric:
    """A number that a new version must keep to: seconds, dollars, or a part of 1."""

    name: str
    maximum: float | None = None
    minimum: float | None = None
    change: float | None = None
    """How much worse than the version before it may be, as a part of 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedRollout:
    """How a new version takes over. Steps are percent, rates are parts of 1, `interval` is in seconds."""

    mode: str
    steps: tuple[float, ...]
    interval: float
    runs: int
    metrics: tuple[ResolvedMetric, ...]
    error_rate: float
    confidence: float
    automatic: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedScaling:
    """How many instances stand ready, and when that changes. Times are seconds."""

    mode: str
    min: int
    max: int
    warm: int
    queue_depth: int
    latency: float | None
    cost: int | None
    """Micro-dollars an hour that scaling may reach at most."""
    predictive: bool
    idle_timeout: float
    cooldown: float
    schedule: tuple[ResolvedWindow, ...] = ()
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedLimits:
    """What a run and a caller may use. Times are seconds, sizes are bytes."""

    timeout: float
    queue: int
    concurrency: int
    body: int
    rate: tuple[int, float] | None
    """Requests and the seconds they are counted in, for each key."""
    memory: int | None
    attempts: int
    idempotency_window: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedCache:
    """Whether a repeated run is answered from an earlier one."""

    enabled: bool
    ttl: float | None
    fuzzy: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedJwt:
    """Whose tokens are accepted beside API keys."""

    issuer: str
    audience: str
    keys: str | None
    """Where the keys are; None: found by discovery."""
    user: str
    groups: str
    role: str
    leeway: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedAuth:
    """Who may call."""

    required: bool
    allowed_addresses: tuple[str, ...]
    signed: bool
    jwt: ResolvedJwt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedCors:
    """Which web pages may call from a browser; none unless named."""

    origins: tuple[str, ...]
    headers: tuple[str, ...] = ()
    credentials: bool = False
    max_age: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedWebhook:
    """An address that is told about events. `secret` is a reference, "name/key"."""

    url: str
    events: tuple[str, ...]
    secret: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedDeployment:
    """One workflow that answers over REST."""

    name: str
    workflow: str
    description: str
    traffic: tuple[tuple[str, Decimal], ...]
    """(version, percent), newest version first; the percentages add up to 100."""
    gpu: ResolvedGpu
    scaling: ResolvedScaling
    limits: ResolvedLimits
    cache: ResolvedCache
    auth: ResolvedAuth
    cors: ResolvedCors
    webhooks: tuple[ResolvedWebhook, ...]
    budget: str | None
    variables: Mapping[str, str]
    secrets: Mapping[str, str]
    tags: tuple[str, ...]
    rollout: ResolvedRollout | None = None
    """None: a new version takes over at once."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels of the document; policies select by them."""
    comfyui: tuple[str, ...] = ()
    """Addresses of the ComfyUI servers that compute; empty where FlowScale's own engine does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedBudget:
    """How much may be spent in a period, and what happens then. Money is in micro-dollars."""

    name: str
    scope: str
    target: str | None
    """The name of what `scope` says; None for a deployment budget that deployments name themselves."""
    owner: str
    """Whose it is, as `budget_owner` tells: its name is unique among theirs."""
    period: str
    limit: int
    soft: int | None
    alerts: tuple[int, ...]
    exceeded: str
    deployments: tuple[str, ...]
    """Deployments of this project whose runs count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedPrices:
    """What bytes cost, in micro-dollars: a gigabyte (10^9 bytes) kept for a month of 730 hours, and one that is sent."""

    storage: int = 0
    egress: int = 0
    free_egress: int = 0
    """Bytes in a calendar month (UTC)."""


def budget_owner(scope: str, target: str | None, project: str, organization: str) -> str:
    """Who has a budget of this name once: projects of an organization or a team share what bounds these."""
    if scope == "organization":
        return f"organization {target}"
    return f"team {organization}/{target}" if scope == "team" else f"project {project}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedRoute:
    """How calls reach the gateway; `gateway` is "namespace/name" or a name in the same namespace."""

    ingress_class: str | None = None
    gateway: str | None = None
    gateway_class: str | None = None
    issuer: str | None = None
    certificate: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedMonitoring:
    """What the Prometheus operator and Grafana are told."""

    enabled: bool = True
    dashboard: bool = True
    namespace: str = "monitoring"
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedTracing:
    """Where traces go; `sample` is the part of them that is kept, 0 to 1."""

    endpoint: str
    sample: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedModelCache:
    """Where executors keep models; `size` is in bytes."""

    kind: str = "node"
    size: int = 50 * 2**30
    storage_class: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedJobHosting:
    """Who runs batches, schedules, pipelines and promotions."""

    runner: str = "argo"
    repository: str | None = None
    """The git repository with the specs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedHosting:
    """How an environment stands in its cluster."""

    route: ResolvedRoute = field(default_factory=ResolvedRoute)
    monitoring: ResolvedMonitoring | None = None
    tracing: ResolvedTracing | None = None
    scaler: str = "controllers"
    gateways: tuple[int, int] = (2, 10)
    """The least and the greatest number of gateways."""
    image_pull_secrets: tuple[str, ...] = ()
    identity: Mapping[str, str] = field(default_factory=dict)
    storage_class: str | None = None
    storage: int = 20 * 2**30
    """Bytes of each bundled store."""
    model_cache: ResolvedModelCache = field(default_factory=ResolvedModelCache)
    jobs: ResolvedJobHosting = field(default_factory=ResolvedJobHosting)
    priority: int | None = None
    pod_security: str = "restricted"
    engine: str = "triton"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedTarget:
    """One of the clusters that an environment is in."""

    name: str
    cluster: str | None
    """The context in the kubeconfig; None for the current one."""
    namespace: str
    domain: str | None
    region: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedEnvironment:
    """Where a project goes when it is deployed."""

    name: str
    cluster: str | None = None
    namespace: str
    domain: str | None = None
    database: str = "bundled"
    """`bundled`, a URL without a password, or `secret:name/key`."""
    objects: str = "bundled"
    direct: str = ""
    """How callers reach the object store themselves: not at all, `yes`, or by this endpoint."""
    releases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """workflow -> version -> digest: what a promotion wrote."""
    logging: str = "info"
    hosting: ResolvedHosting = field(default_factory=ResolvedHosting)
    targets: tuple[ResolvedTarget, ...] = ()
    """Empty where the environment is in one cluster alone."""
    backend: str | None = None
    """Where Pulumi's state is."""
    secrets_provider: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedProject:
    """Everything that a set of specs declares."""

    name: str
    organization: str
    team: str
    description: str
    members: tuple[Member, ...]
    roles: Mapping[str, tuple[str, ...]]
    retention: Retention
    prices: ResolvedPrices = field(default_factory=ResolvedPrices)
    variables: Mapping[str, str]
    secrets: Mapping[str, str]
    """Name of the variable -> reference, "name/key"."""
    environment: str | None
    target: ResolvedEnvironment | None
    workflows: Mapping[str, ResolvedWorkflow]
    deployments: Mapping[str, ResolvedDeployment]
    budgets: Mapping[str, ResolvedBudget]
    gpus: Mapping[str, ResolvedGpu]
    promotions: tuple[Promotion, ...] = ()
    batches: tuple[Batch, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    pipelines: tuple[Pipeline, ...] = ()
    models: tuple[Model, ...] = ()
    model_folders: Mapping[str, Path] = field(default_factory=dict, compare=False)
    """Where the spec of each Model was; never part of a digest."""
    policies: tuple[Policy, ...] = ()

    def servers(self, workflow: str) -> tuple[str, ...]:
        """The ComfyUI servers that know a workflow's nodes: those of the first of its deployments that names any."""
        found = (one.comfyui for one in self.deployments.values() if one.workflow == workflow and one.comfyui)
        return next(found, ())
