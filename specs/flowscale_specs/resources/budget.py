"""The spec of a `Budget` resource."""

from typing import Literal

from pydantic import Field

from flowscale_specs.kinds.budget import BudgetSpec, Period
from flowscale_specs.resources.project import ProjectShape
from flowscale_specs.resources.shape import NameOrNone, Shape, Whole, said


class BudgetShape(Shape):
    """How much may be spent in a period, and what happens then."""

    scope: Literal["organization", "team", "project", "deployment", "key"] = Field(
        description="Whose spending counts."
    )
    target: NameOrNone = Field(
        "", description="The name of that organization, team, project, deployment or key."
    )
    period: Period = Field(description="The period.")
    limit: Whole = Field(description="What may be spent in a period at most. In micro-dollars.")
    soft: Whole | None = Field(None, description="Where warning starts. In micro-dollars.")
    alerts: tuple[Whole, ...] = Field(description="The percentages of the limit at which an alert is sent.")
    exceeded: Literal["refuse", "finish", "scale-to-zero"] = Field(description=said(BudgetSpec, "exceeded"))
    deployments: tuple[str, ...] = Field(description="Deployments of the project whose runs count.")
    project: ProjectShape = Field(description="Whose budget it is.")
