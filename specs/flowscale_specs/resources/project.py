"""Whose resource it is: the project as each resource carries it, since readers see one resource at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import Field

from flowscale_specs.kinds.prices import Prices
from flowscale_specs.kinds.project import Member, ProjectSpec, Retention
from flowscale_specs.resolved import ResolvedPrices
from flowscale_specs.resources.shape import NameOrNone, Seconds, Shape, Whole, said
from flowscale_specs.values import Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceProject:
    """Whose deployment or budget a resource is."""

    name: str
    organization: str
    team: str
    environment: str | None
    members: tuple[Member, ...] = ()
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    retention: Retention = field(default_factory=Retention)
    prices: ResolvedPrices = field(default_factory=ResolvedPrices)


class MemberShape(Shape):
    """A person or a group with a role."""

    name: str = Field(description=said(Member, "name"))
    role: str = Field(description=said(Member, "role"))
    deployments: tuple[str, ...] = Field((), description=said(Member, "deployments"))

    def frozen(self) -> Member:
        return Member(name=self.name, role=self.role, deployments=self.deployments)


class RetentionShape(Shape):
    """How long things are kept."""

    inputs: Seconds = Field(description=said(Retention, "inputs", "seconds"))
    outputs: Seconds = Field(description=said(Retention, "outputs", "seconds"))
    runs: Seconds = Field(description=said(Retention, "runs", "seconds"))
    logs: Seconds = Field(description=said(Retention, "logs", "seconds"))
    audit: Seconds = Field(description=said(Retention, "audit", "seconds"))

    def frozen(self) -> Retention:
        return Retention(**{name: Duration(seconds) for name, seconds in self})


class PricesShape(Shape):
    """What bytes cost."""

    resolved = ResolvedPrices

    storage: Whole = Field(
        0, description=said(Prices, "storage", "micro-dollars for 10^9 bytes and 730 hours")
    )
    egress: Whole = Field(0, description=said(Prices, "egress", "micro-dollars for 10^9 bytes"))
    free_egress: Whole = Field(0, description=said(Prices, "free_egress", "bytes"))


class ProjectShape(Shape):
    """Whose resource it is."""

    resolved = ResourceProject

    name: str = Field(description="The project's name.")
    organization: str = Field(description=said(ProjectSpec, "organization"))
    team: str = Field(description=said(ProjectSpec, "team"))
    environment: NameOrNone = Field("", description="The Environment that it was made for.")
    members: tuple[MemberShape, ...] = Field(description=said(ProjectSpec, "members"))
    roles: dict[str, tuple[str, ...]] = Field(default_factory=dict, description=said(ProjectSpec, "roles"))
    retention: RetentionShape = Field(description=said(ProjectSpec, "retention"))
    prices: PricesShape = Field(default_factory=PricesShape, description="What bytes cost.")
