"""`Policy`: a rule that deployments must keep."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from flowscale_specs.kinds.base import Document, Names, Part
from flowscale_specs.kinds.fields import TEXT, Name, Text
from flowscale_specs.kinds.promotion import Approval


class Selection(Part):
    """Which deployments a rule is for. Everything that is said must hold."""

    names: tuple[Annotated[Name, Names("WorkflowDeployment")], ...] = Field((), description="Their names.")
    labels: dict[Text, Text] = Field(default_factory=dict, description="Labels that they carry.")
    environments: tuple[Annotated[Name, Names("Environment")], ...] = Field((), description="Where they go.")


class PolicySpec(Part):
    """A rule that deployments must keep."""

    rule: Annotated[str, StringConstraints(min_length=1, max_length=4000), TEXT] = Field(
        description="A core CEL expression over `deployment` (the spec of the resolved WorkflowDeployment resource: seconds, "
        "bytes, micro-dollars), `workflow` and `project` that is true where the rule is kept."
    )
    message: Text = Field(description="What to tell the author when it isn't, and what to do.")
    effect: Literal["deny", "warn", "approve"] = Field(
        "deny", description="What breaking it does: refuse, warn, or ask for approval."
    )
    approval: Approval | None = Field(None, description="Who is asked, for `approve`.")
    for_: Selection = Field(
        default_factory=Selection, alias="for", description="Which deployments; all unless said."
    )
    at: tuple[Literal["plan", "ci", "admission"], ...] = Field(
        ("plan", "ci", "admission"), description="When it is evaluated."
    )

    @model_validator(mode="after")
    def _someone_to_ask(self) -> Self:
        if (self.effect == "approve") != (self.approval is not None):
            raise ValueError("effect: approve and approval belong together: give both or neither")
        return self


class Policy(Document):
    """A rule that deployments must keep, in core CEL; its name is the rule's id."""

    executes: ClassVar[bool] = True
    kind: Literal["Policy"] = Field("Policy", description="`Policy`.")
    spec: PolicySpec = Field(description="The rule.")
