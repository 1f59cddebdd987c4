"""How an environment stands in its cluster: the route to it, monitoring, volumes, who scales."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from flowscale_specs.kinds.base import Part
from flowscale_specs.kinds.fields import TEXT, Positive, Text, WebUrl
from flowscale_specs.values import Memory, Percent

Label = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"), TEXT]
Subdomain = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"), TEXT]
Place = Annotated[
    str, StringConstraints(pattern=r"^([a-z0-9][a-z0-9-]{0,62}/)?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"), TEXT
]


class Route(Part):
    """How calls reach the gateway under `domain`: an Ingress, or an HTTPRoute of the Gateway API."""

    ingress_class: Subdomain | None = Field(
        None, description="The IngressClass; the cluster's default unless said."
    )
    gateway: Place | None = Field(
        None,
        description="A Gateway that is there already, `namespace/name`: an HTTPRoute is attached to it instead of an "
        "Ingress. It brings its own certificate.",
    )
    gateway_class: Subdomain | None = Field(
        None, description="A GatewayClass: a Gateway of one's own is made, with an HTTPRoute."
    )
    issuer: Subdomain | None = Field(
        None, description="The ClusterIssuer of cert-manager that signs the certificate of the domain."
    )
    certificate: Subdomain | None = Field(
        None, description="The secret with the domain's certificate, where no issuer makes one."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [
            name
            for name, value in (
                ("ingressClass", self.ingress_class),
                ("gateway", self.gateway),
                ("gatewayClass", self.gateway_class),
            )
            if value
        ]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} are different ways in: give one of them")
        if self.gateway and (self.issuer or self.certificate):
            raise ValueError(
                "a Gateway that is there brings its certificate: leave out issuer and certificate"
            )
        return self


class Monitoring(Part):
    """What the Prometheus operator and Grafana are told. `true` turns both on."""

    short_forms = ({"type": "boolean"},)

    enabled: bool = Field(True, description="Whether ServiceMonitor and PodMonitor objects are made.")
    dashboard: bool = Field(True, description="Whether a ConfigMap with a Grafana dashboard is made.")
    namespace: Label = Field(
        "monitoring", description="Where Prometheus runs; it alone may reach the metrics of pods."
    )
    labels: dict[Text, Text] = Field(
        default_factory=dict, description="Labels that Prometheus selects monitors by."
    )

    @classmethod
    def expand(cls, short: Any) -> Any:
        return {"enabled": short, "dashboard": short} if isinstance(short, bool) else short


class Tracing(Part):
    """Where traces go. An address alone takes all of them."""

    short_forms = ({"type": "string"},)

    endpoint: WebUrl = Field(
        description="A collector that takes OTLP over HTTP, such as http://collector.observability:4318."
    )
    sample: Percent = Field(
        Percent(100), description="How many of the traces are kept that no caller has decided on."
    )

    @classmethod
    def expand(cls, short: Any) -> Any:
        return {"endpoint": short} if isinstance(short, str) else short


class ModelCache(Part):
    """Where executors keep models. A size alone is room on the node's own disk."""

    short_forms = ({"type": ["string", "number"]},)

    kind: Literal["node", "ephemeral", "shared"] | None = Field(
        None,
        description="`node`, the default: room on the disk of the node, which lives as long as the pod and needs no storage "
        "class; `ephemeral`, the default where a storage class is named: a claimed volume that lives as long as the pod; "
        "`shared`: one volume for all pods, of a storage class that allows many writers.",
    )
    size: Memory = Field(Memory(50 * 2**30), description="How large it is.")
    storage_class: Subdomain | None = Field(
        None, description="The StorageClass; the cluster's default unless said."
    )

    @classmethod
    def expand(cls, short: Any) -> Any:
        return {"size": short} if isinstance(short, str | int | float) else short

    @model_validator(mode="after")
    def _class_of_a_claim(self) -> Self:
        if self.kind == "node" and self.storage_class:
            raise ValueError(
                "room on a node has no storageClass: leave it out, or say kind: ephemeral or shared"
            )
        return self


class JobHosting(Part):
    """Who runs batches, schedules, pipelines and promotions. A word alone is who."""

    short_forms = ({"type": "string"},)

    runner: Literal["argo", "none"] = Field(
        "argo",
        description="`argo`: templates of Argo Workflows are made, which the cluster must have where a project declares such "
        "jobs; `none`: people and CI run them with the `flowscale` command.",
    )
    repository: Text | None = Field(
        None,
        description="The git repository with these specs: promotions that Argo runs read it, and write to it.",
    )

    @classmethod
    def expand(cls, short: Any) -> Any:
        return {"runner": short} if isinstance(short, str) else short


class GatewayReplicas(Part):
    """How many gateways run. A number alone is a fixed number of them."""

    short_forms = ({"type": "integer"},)

    min: Positive = Field(2, description="Gateways that always run.")
    max: Positive = Field(10, description="Gateways that run at most.")

    @classmethod
    def expand(cls, short: Any) -> Any:
        is_number = isinstance(short, int) and not isinstance(short, bool)
        return {"min": short, "max": short} if is_number else short

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self


class Hosting(Part):
    """How an environment stands in its cluster. Everything has a default that suits most clusters."""

    route: Route = Field(default_factory=Route, description="How calls reach the gateway.")
    monitoring: Monitoring | None = Field(
        None, description="What the Prometheus operator and Grafana are told; nothing unless said."
    )
    tracing: Tracing | None = Field(None, description="Where traces go; nowhere unless said.")
    scaler: Literal["controllers", "keda"] = Field(
        "controllers",
        description="Who changes the number of instances: FlowScale's controllers (money, forecasts, warm instances), or "
        "KEDA by the length of the queue.",
    )
    gateways: GatewayReplicas = Field(default_factory=GatewayReplicas, description="How many gateways run.")
    image_pull_secrets: tuple[Subdomain, ...] = Field((), description="Secrets that images are pulled with.")
    identity: dict[Text, Text] = Field(
        default_factory=dict,
        description="Annotations of the service accounts that reach the stores, for cloud identities.",
    )
    storage_class: Subdomain | None = Field(
        None, description="The StorageClass of bundled stores; the cluster's default unless said."
    )
    storage: Memory = Field(Memory(20 * 2**30), description="The size of each bundled store.")
    model_cache: ModelCache = Field(default_factory=ModelCache, description="Where executors keep models.")
    jobs: JobHosting = Field(
        default_factory=JobHosting, description="Who runs batches, schedules, pipelines and promotions."
    )
    priority: Annotated[int, Field(ge=-1_000_000_000, le=1_000_000_000)] | None = Field(
        None, description="The value of a PriorityClass for all pods; none is made unless said."
    )
    pod_security: Literal["restricted", "baseline", "privileged"] = Field(
        "restricted", description="The pod security standard that the namespace enforces."
    )
    engine: Literal["triton", "inprocess"] = Field(
        "triton", description="What runs compute in: Triton, or the worker itself."
    )
