"""Dollars before and after: of each deployment, of all, and beside the budgets that hold them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowscale_specs.resources import read_budget_resource, read_resource
from flowscale_stacks.prices import HOURS, Hourly, hourly, total

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flowscale_stacks.compile import Object


@dataclass(frozen=True, slots=True)
class Cost:
    """What a deployment, or all of them, cost an hour before and after."""

    deployment: str
    """"" for all."""
    before: Hourly
    after: Hourly


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """How a budget compares with what its deployments would cost in a period, in micro-dollars."""

    budget: str
    period: str
    limit: int
    floor: int
    ceiling: int

    @property
    def verdict(self) -> str:
        """Whether it is enough: `within`, `may exceed` when all is busy, or `exceeds` even when nothing is."""
        if self.floor > self.limit:
            return "exceeds"
        return "may exceed" if self.ceiling > self.limit else "within"


def costs(current: Iterable[Object], wanted: Iterable[Object]) -> tuple[Cost, ...]:
    """The cost of each deployment that is or will be there, by name."""
    before, after = _hourly(current), _hourly(wanted)
    return tuple(
        Cost(name, before.get(name, Hourly()), after.get(name, Hourly()))
        for name in sorted({*before, *after})
    )


def altogether(found: Iterable[Cost]) -> Cost:
    """The cost of all."""
    listed = tuple(found)
    return Cost("", total(cost.before for cost in listed), total(cost.after for cost in listed))


def budgets(wanted: Iterable[Object]) -> Iterator[BudgetUse]:
    """The budgets whose period has a length; a budget for ever can't be compared with an hour."""
    listed = tuple(wanted)
    prices = _hourly(listed)
    for item in listed:
        if item["kind"] == "Budget":
            budget = read_budget_resource(item).budget
            hours = HOURS.get(budget.period)
            if hours and budget.deployments:
                spent = total(prices.get(name, Hourly()) for name in budget.deployments)
                yield BudgetUse(
                    budget.name, budget.period, budget.limit, spent.floor * hours, spent.ceiling * hours
                )


def _hourly(objects: Iterable[Object]) -> dict[str, Hourly]:
    return {
        item["metadata"]["name"]: hourly(read_resource(item).deployment)
        for item in objects
        if item["kind"] == "WorkflowDeployment"
    }
