"""What is served right now: deployments with their releases, as one immutable value that is swapped whole."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flowscale_runtime.engines.networks.values import Network
from flowscale_runtime.engines.values import Environment
from flowscale_runtime.gateway.errors import InvalidInputs, NotFound
from flowscale_specs import ResolvedBudget, ResolvedDeployment, ResolvedJwt, ResolvedPrices
from flowscale_specs.kinds.project import Retention
from flowscale_specs.rights import Grant
from flowscale_workflows.interface import Interface


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a workflow that takes a share of a deployment's traffic (`percent`)."""

    version: str
    percent: float
    digest: str
    interface: Interface
    environment: Environment
    repeatable: bool = True


@dataclass(frozen=True, slots=True)
class Mirror:
    """A version that gets copies of `percent` of the runs and answers nobody."""

    version: Version
    percent: float


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment and the releases behind it, newest first."""

    spec: ResolvedDeployment
    project: str
    team: str
    versions: tuple[Version, ...]
    budgets: tuple[ResolvedBudget, ...] = ()
    """Those that every run counts in, and those of single keys."""
    mirror: Mirror | None = None

    def counted(self, *caller: str | None) -> tuple[ResolvedBudget, ...]:
        """The budgets that a run counts in whose caller goes by these names."""
        return tuple(one for one in self.budgets if one.scope != "key" or one.target in caller)

    @property
    def name(self) -> str:
        return self.spec.name

    def named(self, version: str) -> Version:
        """The version of this name that is served. Raises NotFound."""
        for one in self.versions:
            if one.version == version:
                return one
        served = [one.version for one in self.versions]
        raise NotFound(
            f"{self.name!r} serves no version {version!r}: there is {', '.join(served)}.",
            version=version,
            served=served,
        )

    def choose(self, caller: str) -> Version:
        """The version for a caller: the same one as long as the weights stay."""
        if len(self.versions) == 1:
            return self.versions[0]
        point = zlib.crc32(f"{self.name}\0{caller}".encode()) % 10_000 / 100
        for version in self.versions:
            point -= version.percent
            if point < 0:
                return version
        return self.versions[-1]


@dataclass(frozen=True, slots=True)
class Catalog:
    """All deployments of a project. `problems` is what keeps specs from being served."""

    project: str = "default"
    deployments: Mapping[str, Deployment] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    members: Mapping[str, Grant] = field(default_factory=dict)
    """What people and groups of an identity provider may do, by name."""
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Roles that the project declares beside the built-in ones."""
    networks: tuple[Network, ...] = ()
    """What `Model` specs declare."""
    retention: Retention = field(default_factory=Retention)
    """How long things are kept."""
    prices: ResolvedPrices = field(default_factory=ResolvedPrices)
    """What bytes cost."""

    def select(self, name: str | None) -> Deployment:
        """The deployment of this name; without a name the only one there is. Raises NotFound, InvalidInputs."""
        if name is None:
            return self._only()
        deployment = self.deployments.get(name)
        if deployment is None:
            raise NotFound(f"There is no deployment {name!r}.", workflow_id=name)
        return deployment

    def hinted(self, name: str | None, host: str) -> Deployment | None:
        """The deployment that a request is known to be for before its body is read: by name, by the first label of
        the host, or because it is the only one."""
        if name is None:
            label = host.partition(".")[0]
            name = label if label in self.deployments else None
        if name is None and len(self.deployments) == 1:
            return next(iter(self.deployments.values()))
        return self.deployments.get(name or "")

    def open(self) -> tuple[str, ...]:
        """Names of the deployments that need no key."""
        return tuple(name for name, one in self.deployments.items() if not one.spec.auth.required)

    def accepting(self, issuer: str) -> dict[str, ResolvedJwt]:
        """The deployments that take tokens of an issuer, and on which terms."""
        terms = ((name, one.spec.auth.jwt) for name, one in self.deployments.items())
        return {name: jwt for name, jwt in terms if jwt is not None and jwt.issuer == issuer}

    def environments(self) -> set[Environment]:
        """The environments that hosts are needed for."""
        return {version.environment for one in self.deployments.values() for version in one.versions}

    def _only(self) -> Deployment:
        if len(self.deployments) == 1:
            return next(iter(self.deployments.values()))
        names = sorted(self.deployments)
        raise InvalidInputs(
            f"Say which deployment with workflow_id: one of {', '.join(names[:20]) or 'none that is ready'}.",
            field="workflow_id",
            reason="required",
            choices=names,
        )


@dataclass(slots=True)
class Served:
    """Holds the catalog of now."""

    catalog: Catalog = field(default_factory=Catalog)
    ready: bool = False


def describe(deployment: Deployment) -> dict[str, Any]:
    """A deployment as the API lists it."""
    interface = deployment.versions[0].interface
    return {
        "workflow_id": deployment.name,
        "name": deployment.name,
        "description": deployment.spec.description,
        "inputs": {item.public_name: _input(item) for item in interface.inputs},
        "outputs": [
            {"name": item.name, "label": item.label, "type": item.type, "node_id": item.node_id}
            for item in interface.outputs
        ],
    }


def _input(item: Any) -> dict[str, Any]:
    facts = {
        name: getattr(item, name)
        for name in (
            "type",
            "label",
            "description",
            "default",
            "minimum",
            "maximum",
            "step",
            "max_length",
            "choices",
        )
    }
    return {name: value for name, value in facts.items() if value not in (None, "")} | {
        "path": item.name,
        "required": item.required,
    }
