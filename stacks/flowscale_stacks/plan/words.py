"""The words of a plan, the same for a terminal and a comment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowscale_stacks.prices import dollars

if TYPE_CHECKING:
    from flowscale_stacks.plan.costs import BudgetUse
    from flowscale_stacks.plan.planning import Plan
    from flowscale_stacks.plan.serving import Rollback
    from flowscale_stacks.prices import Hourly

SIGNS = {"add": "+", "change": "!", "replace": "!", "remove": "-"}
_DONE = {"add": "to add", "change": "to change", "replace": "to replace", "remove": "to remove"}


def headline(plan: Plan) -> str:
    """The plan in one line."""
    where = ".".join(filter(None, (plan.environment or plan.project, plan.target)))
    if plan.empty:
        return f"{where} is as wanted ({plan.against})"
    counted = ", ".join(f"{count} {_DONE[action]}" for action, count in plan.counts.items() if count)
    return f"{where}: {counted} ({plan.against})"


def range_of(cost: Hourly) -> str:
    """Floor and ceiling."""
    low, high = dollars(cost.floor), dollars(cost.ceiling)
    return low if low == high else f"{low} to {high}"


def budget_line(use: BudgetUse) -> str:
    """How a budget compares."""
    return (
        f"Budget {use.budget}: {dollars(use.floor)} to {dollars(use.ceiling)} a {use.period} of "
        f"{dollars(use.limit)}: {use.verdict}"
    )


def rollback_line(rollback: Rollback) -> str:
    """A rollback that stands."""
    served, asked = (
        ", ".join(f"{version} ({short(digest)})" for version, digest in releases)
        for releases in (rollback.served, rollback.asked)
    )
    return f"{rollback.deployment} is rolled back: it serves {served} until git asks for something else than {asked}"


def short(digest: str | None) -> str:
    """A digest as people tell them apart."""
    return "(none)" if digest is None else digest.removeprefix("sha256:")[:12]
