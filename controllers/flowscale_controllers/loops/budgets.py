"""One look at one budget: its status, the Events and messages that are due, and the bounds it sets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from flowscale_controllers.decisions.budgets import Ledger, Rule, Verdict, judge
from flowscale_controllers.loops import status as statuses
from flowscale_controllers.loops.reconcile import Telling

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowscale_specs import ResolvedBudget

MICRO = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetActions:
    """What has to be done about a budget."""

    verdict: Verdict
    tellings: tuple[Telling, ...]
    message: tuple[str, str] | None
    """Title and text for people."""


def look(budget: ResolvedBudget, ledger: Ledger, status: Mapping[str, Any]) -> BudgetActions:
    """What the ledger means for a budget."""
    verdict = judge(ledger, rule_of(budget), statuses.told_of(status), bool(status.get("exceeded")))
    tellings = []
    if verdict.alerts:
        tellings.append(Telling("BudgetAlert", _alert(ledger, verdict.alerts[-1]), warning=True))
    if verdict.exceeded and not status.get("exceeded"):
        tellings.append(Telling("BudgetExceeded", _exceeded(budget, verdict), warning=True))
    if verdict.reopened:
        tellings.append(
            Telling("BudgetReopened", f"a new period has begun: {_dollars(ledger.limit)} may be spent")
        )
    body = "; ".join(each.message for each in tellings)
    message = (f"Budget {budget.name}", body) if tellings else None
    return BudgetActions(verdict=verdict, tellings=tuple(tellings), message=message)


def status_after(
    actions: BudgetActions, ledger: Ledger, status: Mapping[str, Any], generation: int, *, delivered: bool
) -> dict[str, Any]:
    """The status to write; alerts that weren't delivered stay due."""
    told = actions.verdict.told
    if not delivered:
        before = statuses.told_of(status)
        kept = before.alerts if before.period_start == ledger.period_start else ()
        told = replace(told, alerts=kept)
    return statuses.budget_status(ledger, actions.verdict, told, generation)


def rule_of(budget: ResolvedBudget) -> Rule:
    """What a budget's spec asks for."""
    return Rule(alerts=budget.alerts, exceeded=budget.exceeded)


def _alert(ledger: Ledger, mark: int) -> str:
    return f"{_dollars(ledger.spent)} of {_dollars(ledger.limit)} are spent: more than {mark}%"


def _exceeded(budget: ResolvedBudget, verdict: Verdict) -> str:
    until = f" until {statuses.text(verdict.until)}" if verdict.until is not None else ""
    what = {
        "refuse": "new runs are refused",
        "finish": "new runs are refused, queued ones still run",
        "scale-to-zero": "instances stop",
    }[budget.exceeded]
    return f"the limit is reached: {what}{until}"


def _dollars(micro: int) -> str:
    return f"${micro / MICRO:.2f}"
