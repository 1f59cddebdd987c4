"""A plan for the person at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from flowscale_stacks.plan.changes import shown
from flowscale_stacks.plan.words import SIGNS, budget_line, headline, range_of, rollback_line, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from flowscale_stacks.plan.planning import Plan

_COLOURS = {"add": "green", "change": "yellow", "replace": "magenta", "remove": "red"}
_EFFECTS = {"deny": "red", "warn": "yellow", "approve": "magenta"}


def render_terminal(plan: Plan) -> RenderableType:
    """The plan as rich draws it."""
    return Group(*_parts(plan))


def _parts(plan: Plan) -> Iterator[RenderableType]:
    for change in plan.changes:
        told = f"{SIGNS[change.action]} {change.action} {change.kind} {change.name}"
        yield Text(told, style=_COLOURS[change.action])
        for field in change.fields:
            yield Text(f"    {field.path}: {shown(field.before)} → {shown(field.after)}", style="dim")
    if plan.releases:
        yield _table("release", ((f"{r.deployment} {r.version}", r.before, r.after) for r in plan.releases))
    for rollback in plan.rollbacks:
        yield Text(rollback_line(rollback), style="yellow")
    changed = [cost for cost in plan.costs if cost.before != cost.after]
    if changed:
        yield _costs(plan)
    for use in plan.budgets:
        yield Text(budget_line(use), style="" if use.verdict == "within" else "yellow")
    for start in plan.cold_starts:
        if start.grade != "none":
            yield Text(f"Cold start of {start.deployment}: {start.grade}", style="dim")
    for finding in plan.findings:
        told = f"{finding.effect}: {finding.deployment} breaks {finding.rule}: {finding.message}"
        yield Text(told, style=_EFFECTS[finding.effect])
    yield Text(headline(plan), style="bold")


def _table(title: str, rows: Iterator[tuple[str, str | None, str | None]]) -> Table:
    drawn = Table(title, "before", "after", box=None, header_style="bold")
    for name, before, after in rows:
        drawn.add_row(name, short(before), short(after))
    return drawn


def _costs(plan: Plan) -> Table:
    drawn = Table("dollars an hour", "before", "after", box=None, header_style="bold")
    for cost in (*plan.costs, plan.total):
        drawn.add_row(cost.deployment or "all", range_of(cost.before), range_of(cost.after))
    return drawn
