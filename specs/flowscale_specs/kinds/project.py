"""`Project`: whose specs these are, and what they share."""

from typing import ClassVar, Literal

from pydantic import Field

from flowscale_specs.kinds.base import Document, Part, SecretRef
from flowscale_specs.kinds.fields import Patch, Setting, Text, Variable, Word
from flowscale_specs.values import Duration

Role = Literal["viewer", "contributor", "admin", "owner"]
_DAY = 86_400.0


class Member(Part):
    """A person or a group with a role."""

    name: Word = Field(description="Who: an e-mail address, or a group of the identity provider.")
    role: Role = Field("viewer", description="What they may do.")


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
    variables: dict[Variable, Setting] = Field(
        default_factory=dict, description="Environment variables of all nodes."
    )
    secrets: dict[Variable, SecretRef] = Field(
        default_factory=dict, description="Environment variables of all nodes, from secrets."
    )
    retention: Retention = Field(default_factory=Retention, description="How long things are kept.")
    defaults: Patch = Field(
        default_factory=dict,
        description="What every WorkflowDeployment says unless it says otherwise: a part of its spec.",
    )


class Project(Document):
    """The tenant: whose specs these are, and what they share. One a folder; without one the project is `default`."""

    executes: ClassVar[bool] = True
    kind: Literal["Project"] = Field("Project", description="`Project`.")
    spec: ProjectSpec = Field(default_factory=ProjectSpec, description="The project.")
