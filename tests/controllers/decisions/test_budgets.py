"""Budgets: alerts once each, zero at a hard limit, back in the next period."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowscale_controllers.decisions.budgets import Ledger, Rule, Told, bounds, judge

ZERO = Rule(alerts=(50, 100), exceeded="scale-to-zero")
HOUR_PRICE = 3_600_000


def ledger(spent: int, **fields: float) -> Ledger:
    return Ledger(name="studio", limit=1000, spent=spent, period_end=9.0, **fields)  # type: ignore[arg-type]


def test_each_alert_is_sent_once_a_period() -> None:
    rule, told, sent = Rule(alerts=(50, 75, 90, 100)), Told(), []
    for spent in (0, 499, 500, 510, 950, 1000, 1001):
        verdict = judge(ledger(spent), rule, told, was_exceeded=False)
        told = verdict.told
        sent.append(verdict.alerts)
    assert sent == [(), (), (50,), (), (75, 90), (100,), ()]
    following = judge(ledger(600, period_start=9.0), rule, told, was_exceeded=True)
    assert (following.alerts, following.reopened) == ((50,), True)


def test_at_the_limit_it_is_shut_until_the_period_ends() -> None:
    verdict = judge(ledger(1000), ZERO, Told(), was_exceeded=False)
    assert (verdict.exceeded, verdict.until) == (True, 9.0)
    (limit,) = bounds([(ledger(1000), ZERO)], HOUR_PRICE, 300.0)
    assert (limit.instances, limit.reason) == (0, "BudgetExceeded")


def test_what_is_left_pays_for_so_many_until_they_may_go_again() -> None:
    plenty = Ledger(name="b", limit=10**9, spent=10**9 - 1_000_000)
    (limit,) = bounds([(plenty, ZERO)], HOUR_PRICE, 250.0)
    assert limit.instances == 4  # $1 left, $3.60 an hour, 250 s each


def test_runs_that_were_accepted_have_an_instance_where_the_budget_lets_them_finish() -> None:
    spent = Ledger(name="b", limit=1000, spent=999, reserved=1)
    assert bounds([(spent, Rule(alerts=(), exceeded="finish"))], HOUR_PRICE, 300.0)[0].instances == 1
    assert bounds([(spent, ZERO)], HOUR_PRICE, 300.0)[0].instances == 0


def test_what_costs_nothing_is_bound_by_nothing_but_a_shut_budget() -> None:
    assert bounds([(ledger(999), ZERO)], 0, 300.0) == ()
    assert bounds([(ledger(1000), ZERO)], 0, 300.0)[0].instances == 0


@given(st.lists(st.integers(0, 2000), min_size=1, max_size=20), st.sets(st.integers(1, 100)))
def test_no_alert_comes_twice_and_none_is_left_out(spendings: list[int], marks: set[int]) -> None:
    told, sent = Told(), []
    for spent in sorted(spendings):
        verdict = judge(ledger(spent), Rule(alerts=tuple(sorted(marks))), told, was_exceeded=False)
        told, sent = verdict.told, [*sent, *verdict.alerts]
    assert sent == sorted(mark for mark in marks if max(spendings) * 100 >= mark * 1000)


@pytest.mark.parametrize("left", [0, 1, 500, 10**6, 10**9])
@given(price=st.integers(1, 10_000_000), idle=st.floats(0, 3600))
def test_the_bound_never_costs_more_than_what_is_left(left: int, price: int, idle: float) -> None:
    (limit,) = bounds([(Ledger(name="b", limit=left + 5, spent=5), ZERO)], price, idle)
    assert limit.instances * price * idle / 3600 <= left + limit.instances
