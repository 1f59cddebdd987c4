"""A plan as a comment of a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowscale_stacks.plan.changes import shown
from flowscale_stacks.plan.words import SIGNS, budget_line, headline, range_of, rollback_line, short

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flowscale_stacks.plan.changes import Change
    from flowscale_stacks.plan.planning import Plan

_MOST = 60_000
"""Characters; forges refuse comments that are longer than some 65,000."""


def render_markdown(plan: Plan) -> str:
    """The comment, cut where a forge would refuse it."""
    text = "\n".join(_lines(plan)) + "\n"
    return text if len(text) <= _MOST else f"{text[:_MOST]}\n```\n\n… and more: see `flowscale plan`.\n"


def _lines(plan: Plan) -> Iterator[str]:
    yield f"### FlowScale plan: {headline(plan)}\n"
    if plan.findings:
        yield from _table(
            ("policy", "deployment", "effect", "what to do"),
            ((f.rule, f.deployment, f.effect, _cell(f.message)) for f in plan.findings),
        )
    changed = [cost for cost in plan.costs if cost.before != cost.after]
    if changed:
        rows = [(c.deployment, range_of(c.before), range_of(c.after)) for c in changed]
        rows.append(("**all**", range_of(plan.total.before), range_of(plan.total.after)))
        yield from _table(("dollars an hour", "before", "after"), rows)
    for use in plan.budgets:
        yield f"- {budget_line(use)}"
    if plan.releases:
        yield from _table(
            ("release", "before", "after"),
            ((f"{r.deployment} {r.version}", short(r.before), short(r.after)) for r in plan.releases),
        )
    for rollback in plan.rollbacks:
        yield f"- {rollback_line(rollback)}"
    cold = [start for start in plan.cold_starts if start.grade != "none"]
    if cold:
        listed = ", ".join(f"{start.deployment} ({start.grade})" for start in cold)
        yield f"Cold starts: {listed}.\n"
    if plan.changes:
        yield "<details><summary>Objects</summary>\n\n```diff"
        for change in plan.changes:
            yield from _change(change)
        yield "```\n</details>"


def _change(change: Change) -> Iterator[str]:
    yield f"{SIGNS[change.action]} {change.kind} {change.name}"
    for field in change.fields:
        yield f"-   {field.path}: {shown(field.before)}"
        yield f"+   {field.path}: {shown(field.after)}"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
