"""What budgets mean for instances and for people: alerts once each, zero at a hard limit, back in the next period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowscale_controllers.decisions.values import Limit

if TYPE_CHECKING:
    from collections.abc import Iterable

HOUR = 3600
LEAST_STAY = 60.0
"""Seconds that an instance is paid for at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What the ledger says of a budget in its period. Money is in micro-dollars, times are seconds."""

    name: str
    limit: int
    spent: int
    reserved: int = 0
    period_start: float = 0.0
    period_end: float | None = None
    deployments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a budget's spec asks for: parts of a hundred that are told, and what happens at the limit."""

    alerts: tuple[int, ...]
    exceeded: str = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The alerts that were sent in a period. It stands in the budget's status."""

    period_start: float | None = None
    alerts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What to do about a budget now."""

    exceeded: bool
    until: float | None
    """When it opens again; None for a budget without an end, or one that is open."""
    alerts: tuple[int, ...]
    """Alerts to send now, the greatest last."""
    told: Told
    reopened: bool = False


def judge(ledger: Ledger, rule: Rule, told: Told, was_exceeded: bool) -> Verdict:
    """The state of a budget, and which alerts are due. An alert is due once a period."""
    sent = told.alerts if told.period_start == ledger.period_start else ()
    reached = tuple(mark for mark in rule.alerts if ledger.spent * 100 >= mark * ledger.limit)
    exceeded = ledger.spent >= ledger.limit
    return Verdict(
        exceeded=exceeded,
        until=ledger.period_end if exceeded else None,
        alerts=tuple(mark for mark in reached if mark not in sent),
        told=Told(period_start=ledger.period_start, alerts=tuple(sorted({*sent, *reached}))),
        reopened=was_exceeded and not exceeded,
    )


def bounds(budgets: Iterable[tuple[Ledger, Rule]], price: int, idle_timeout: float) -> tuple[Limit, ...]:
    """The bounds that budgets set to a deployment's instances: none may cost more than what is left."""
    return tuple(
        _bound(ledger, rule, price, idle_timeout) for ledger, rule in budgets if price or _shut(ledger, rule)
    )


def _bound(ledger: Ledger, rule: Rule, price: int, idle_timeout: float) -> Limit:
    if _shut(ledger, rule):
        return Limit(instances=0, reason="BudgetExceeded", message=f"budget {ledger.name} is spent")
    stay = max(1, int(price * max(idle_timeout, LEAST_STAY) / HOUR))
    paid = max(0, ledger.limit - ledger.spent) // stay
    if rule.exceeded != "scale-to-zero" and ledger.reserved:
        paid = max(1, paid)  # accepted runs have their money put aside
    return Limit(
        instances=paid, reason="Budget", message=f"what is left of budget {ledger.name} pays for {paid}"
    )


def _shut(ledger: Ledger, rule: Rule) -> bool:
    return rule.exceeded == "scale-to-zero" and ledger.spent >= ledger.limit
