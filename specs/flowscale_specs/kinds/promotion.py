"""`Promotion`: how releases move from one environment to the next."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from flowscale_specs.kinds.base import Document, Names, Part
from flowscale_specs.kinds.fields import Name, Natural, Number, Positive, Text, WebUrl, Word
from flowscale_specs.values import Duration, Percent


class Check(Part):
    """Something that must pass before a release goes on. A word alone is its kind."""

    short_forms = ({"type": "string"},)

    kind: Literal["golden", "integration", "performance", "security", "command", "webhook"] = Field(
        description="`golden` tests of the workflow, `integration` (a run over REST), `performance` (against the release "
        "before), `security` (a scan), a `command`, or a `webhook` that answers 2xx."
    )
    command: tuple[Text, ...] = Field((), description="For `command`: the program and its arguments.")
    url: WebUrl | None = Field(None, description="For `webhook`: where to ask.")
    tolerance: Percent = Field(Percent(10), description="For `performance`: how much slower it may be.")
    timeout: Duration = Field(Duration(1800), description="How long it may take.")

    @classmethod
    def expand(cls, short: Any) -> Any:
        return {"kind": short} if isinstance(short, str) else short

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        if self.kind == "command" and not self.command:
            raise ValueError("a command check needs command")
        if self.kind == "webhook" and self.url is None:
            raise ValueError("a webhook check needs url")
        return self


class Metric(Part):
    """A number that a canary must keep to."""

    name: Literal["error-rate", "latency-p50", "latency-p95", "cost-per-run", "quality", "satisfaction"] = (
        Field(description="Which number.")
    )
    maximum: Number | None = Field(
        None, description="What it may be at most (seconds, dollars, or a part of 1)."
    )
    minimum: Number | None = Field(None, description="What it must be at least.")
    change: Percent | None = Field(None, description="How much worse than the stable version it may be.")

    @model_validator(mode="after")
    def _some_bound(self) -> Self:
        if self.maximum is None and self.minimum is None and self.change is None:
            raise ValueError("give maximum, minimum or change")
        return self


class Canary(Part):
    """Traffic that moves to the new release step by step. A list alone is the steps."""

    short_forms = ({"type": "array"},)

    steps: Annotated[tuple[Percent, ...], Field(min_length=1)] = Field(
        (Percent(10), Percent(50)), description="The part of the traffic at each step; 100% follows the last."
    )
    interval: Duration = Field(Duration(600), description="How long each step is watched.")
    runs: Natural = Field(20, description="Runs that each step must have seen.")
    metrics: tuple[Metric, ...] = Field((), description="What must hold; the error rate is always watched.")

    @classmethod
    def expand(cls, short: Any) -> Any:
        return {"steps": short} if isinstance(short, list) else short

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if any(later <= earlier for earlier, later in zip(self.steps, self.steps[1:], strict=False)):
            raise ValueError("steps must rise")
        return self


class Approval(Part):
    """People who must agree."""

    short_forms = ({"type": "array"},)

    by: Annotated[tuple[Word, ...], Field(min_length=1)] = Field(
        description="Who may agree: members or groups."
    )
    required: Positive = Field(1, description="How many of them must.")
    criteria: tuple[Text, ...] = Field((), description="What they are asked to look at.")
    timeout: Duration = Field(
        Duration(172_800), description="How long they are waited for; then it is refused."
    )

    @classmethod
    def expand(cls, short: Any) -> Any:
        return {"by": short} if isinstance(short, list) else short


class Rollback(Part):
    """When a release goes back. `false` alone never does it by itself."""

    short_forms = ({"type": "boolean"},)

    automatic: bool = Field(True, description="Whether it happens without a person.")
    window: Duration = Field(
        Duration(3600), description="How long after the last step a failure still rolls back."
    )
    error_rate: Percent = Field(Percent(5), description="The part of failed runs that rolls back.")

    @classmethod
    def expand(cls, short: Any) -> Any:
        return {"automatic": short} if isinstance(short, bool) else short


class Experiment(Part):
    """Versions compared with each other over a time."""

    duration: Duration = Field(Duration(1_209_600), description="How long it runs.")
    metrics: Annotated[tuple[Metric, ...], Field(min_length=1)] = Field(description="What is compared.")
    confidence: Percent = Field(Percent(95), description="How sure the difference must be.")
    winner: Literal["promote", "report"] = Field(
        "report", description="What happens with the better version."
    )


class Stage(Part):
    """An environment on the way. Its name alone is a short form."""

    short_forms = ({"type": "string"},)

    environment: Annotated[Name, Names("Environment")] = Field(
        description="The Environment that is deployed to."
    )
    after: tuple[Name, ...] | None = Field(
        None, description="The environments that must have it first; the stage before unless said."
    )
    tests: tuple[Check, ...] = Field(
        (), description="What must pass in the environment before the release goes on."
    )
    canary: Canary | None = Field(
        None, description="Traffic that moves step by step; all at once unless said."
    )
    experiment: Experiment | None = Field(None, description="A comparison with the version before.")
    approvals: tuple[Approval, ...] = Field((), description="Who must agree before the stage starts.")
    rollback: Rollback = Field(default_factory=Rollback, description="When it goes back.")

    @classmethod
    def expand(cls, short: Any) -> Any:
        return {"environment": short} if isinstance(short, str) else short


class PromotionSpec(Part):
    """How releases move from one environment to the next."""

    deployments: tuple[Annotated[Name, Names("WorkflowDeployment")], ...] = Field(
        (), description="The deployments that move together; all unless said."
    )
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)] = Field(
        description="The environments, in order."
    )
    trigger: Literal["merge", "manual"] = Field(
        "merge", description="What starts it: a merge in git, or a person."
    )
    notify: tuple[Word, ...] = Field((), description="Addresses, e-mail or web, that are told how it goes.")


class Promotion(Document):
    """How releases move from one environment to the next: tests, canary analysis, approvals, rollback."""

    executes: ClassVar[bool] = True
    kind: Literal["Promotion"] = Field("Promotion", description="`Promotion`.")
    spec: PromotionSpec = Field(description="The promotion.")
