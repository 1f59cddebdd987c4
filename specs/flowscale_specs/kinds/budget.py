"""`Budget`: how much may be spent."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from flowscale_specs.kinds.base import Document, Part
from flowscale_specs.kinds.fields import Word
from flowscale_specs.values import Allowance, Money, Percent

Period = Literal["day", "week", "month", "total"]
ALERTS = (Percent(50), Percent(75), Percent(90), Percent(100))


def _share_or_amount(written: Any) -> Percent | Money:
    if isinstance(written, Percent | Money):
        return written
    return Percent.parse(written) if str(written).strip().endswith("%") else Money.parse(written)


Soft = Annotated[
    Percent | Money,
    BeforeValidator(_share_or_amount, json_schema_input_type=str),
]


class BudgetSpec(Part):
    """How much may be spent in a period, who is told, and what happens then."""

    limit: Allowance = Field(description="What may be spent at most, with its period: `$500/month`.")
    period: Period | None = Field(
        None, description="The period, where `limit` doesn't say; `month` unless said."
    )
    soft: Soft | None = Field(
        None,
        description="Where warning starts: an amount, or a part of the limit (`80%`). Nothing is refused there.",
    )
    alerts: tuple[Percent, ...] = Field(
        ALERTS, description="The parts of the limit at which an alert is sent, once each."
    )
    exceeded: Literal["refuse", "finish", "scale-to-zero"] = Field(
        "refuse",
        description="What happens at the limit: `refuse` new runs (running ones finish), `finish` (queued ones run too), "
        "or `scale-to-zero` (instances stop).",
    )
    scope: Literal["organization", "team", "project", "deployment", "key"] | None = Field(
        None,
        description="Whose spending counts; `deployment` if deployments name this budget or `target` names one, else `project`.",
    )
    target: Word | None = Field(
        None, description="The name of that organization, team, deployment or key; one's own unless said."
    )

    @model_validator(mode="after")
    def _one_period(self) -> Self:
        if self.period and self.limit.period and self.period != self.limit.period:
            raise ValueError(f"limit says {self.limit.period}, period says {self.period}: give one of them")
        if isinstance(self.soft, Money) and self.soft > self.limit.amount:
            raise ValueError(f"soft limit {self.soft} is above the limit {self.limit.amount}")
        if self.scope == "key" and self.target is None:
            raise ValueError("a budget of a key needs target: the key's name")
        return self


class Budget(Document):
    """How much may be spent. Runs are refused before they could break it: money is reserved when they are submitted."""

    executes: ClassVar[bool] = True
    kind: Literal["Budget"] = Field("Budget", description="`Budget`.")
    spec: BudgetSpec = Field(description="The budget.")
