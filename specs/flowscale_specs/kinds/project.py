"""`Project`: whose specs these are, and what they share."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from flowscale_specs.kinds.base import Document, Names, Part, SecretRef
from flowscale_specs.kinds.fields import Name, Patch, Setting, Text, Variable, Word
from flowscale_specs.kinds.prices import Prices
from flowscale_specs.rights import ROLES, Scope
from flowscale_specs.suggestions import hint
from flowscale_specs.values import Duration

Role = Literal["viewer", "contributor", "admin", "owner"]
_DAY = 86_400.0


class Member(Part):
    """A person or a group with a role."""

    name: Word = Field(description="Who: an e-mail address, or a group of the identity provider.")
    role: Name = Field(
        "viewer", description="What they may do: viewer, contributor, admin, owner, or one of `roles`."
    )
    deployments: tuple[Annotated[Name, Names("WorkflowDeployment")], ...] = Field(
        (), description="Which deployments that is for; all unless said."
    )


class Retention(Part):
    """How long things are kept."""

    inputs: Duration = Field(Duration(7 * _DAY), description="Files that callers sent.")
    outputs: Duration = Field(Duration(30 * _DAY), description="Files that runs made.")
    runs: Duration = Field(Duration(90 * _DAY), description="Records of runs.")
    logs: Duration = Field(Duration(30 * _DAY), description="Logs of runs.")
    audit: Duration = Field(Duration(365 * _DAY), description="Who did what.")


class ProjectSpec(Part):
    """Whose specs these are, and what they share."""

    organization: Word = Field("default", description="The organization that pays.")
    team: Word = Field("default", description="The team in it.")
    description: Text = Field("", description="What the project is for, for people.")
    members: tuple[Member, ...] = Field((), description="Who works on it, and their roles.")
    roles: dict[Name, Annotated[tuple[Scope, ...], Field(min_length=1)]] = Field(
        default_factory=dict, description="Roles beside the built-in ones, as sets of scopes."
    )
    variables: dict[Variable, Setting] = Field(
        default_factory=dict, description="Environment variables of all nodes."
    )
    secrets: dict[Variable, SecretRef] = Field(
        default_factory=dict, description="Environment variables of all nodes, from secrets."
    )
    retention: Retention = Field(default_factory=Retention, description="How long things are kept.")
    prices: Prices | None = Field(
        None, description="What bytes cost; nothing unless said here or in an environment."
    )
    defaults: Patch = Field(
        default_factory=dict,
        description="What every WorkflowDeployment says unless it says otherwise: a part of its spec.",
    )

    @model_validator(mode="after")
    def _roles_are_known(self) -> Self:
        if taken := sorted(self.roles.keys() & ROLES.keys()):
            raise ValueError(f"{taken[0]!r} is a built-in role: give yours another name")
        known = ROLES.keys() | self.roles.keys()
        for member in self.members:
            if member.role not in known:
                raise ValueError(f"there is no role {member.role!r}; {hint(member.role, known)}")
        if len({member.name for member in self.members}) < len(self.members):
            raise ValueError("a member is named twice: give each one role")
        return self


class Project(Document):
    """The tenant: whose specs these are, and what they share. One a folder; without one the project is `default`."""

    executes: ClassVar[bool] = True
    kind: Literal["Project"] = Field("Project", description="`Project`.")
    spec: ProjectSpec = Field(default_factory=ProjectSpec, description="The project.")
