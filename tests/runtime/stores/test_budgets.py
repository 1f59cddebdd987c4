"""Money: what is reserved, settled, refused and told."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, select

from flowscale_runtime.stores import budgets, migrate, outbox, outcomes, queue, submission
from flowscale_runtime.stores.errors import AlreadyFinished, BudgetExceeded
from flowscale_runtime.stores.tables import ledger
from flowscale_runtime.stores.values import SECOND, BudgetTerms, Outcome, cost

NOW = 1_700_000_000_000_000
HOOK = ({"url": "https://hook.example", "events": ["budget.alert"], "secret": None},)


def terms(limit, alerts=(), name="studio", period=0):
    return BudgetTerms(name, "studio", period, limit, alerts)


async def balance(database):
    (row,) = await database.read(budgets.list_balances, "studio")
    return row.spent, row.reserved


async def test_a_run_reserves_what_it_could_cost_and_settles_what_it_did(database, new_run):
    run = new_run(timeout=10.0, tries=2, budgets=(terms(100_000),))
    await database.write(submission.submit, run, NOW)
    assert await balance(database) == (0, 20_000)
    (held,) = await database.write(queue.claim, "w", {"env": 1}, 1, SECOND, NOW)
    await database.write(outcomes.finish, held.run_id, held.fence, Outcome("completed", 1.5), NOW)
    assert await balance(database) == (1500, 0)
    lines = await database.read(
        lambda connection: connection.execute(select(ledger.c.kind, ledger.c.amount)).all()
    )
    assert [tuple(line) for line in lines] == [("reserve", 20_000), ("settle", 1500)]


async def test_a_budget_that_cannot_hold_the_run_refuses_it_and_keeps_nothing(database, new_run):
    with pytest.raises(BudgetExceeded) as refused:
        await database.write(submission.submit, new_run(timeout=10.0, tries=1, budgets=(terms(9_999),)), NOW)
    assert (refused.value.budget, refused.value.needed, refused.value.left) == ("studio", 10_000, 9_999)
    assert await database.read(budgets.list_balances, "studio") == []


async def test_the_tightest_of_several_budgets_decides_and_none_is_charged(database, new_run):
    run = new_run(timeout=10.0, tries=1, budgets=(terms(50_000), terms(5_000, name="team")))
    with pytest.raises(BudgetExceeded, match="team"):
        await database.write(submission.submit, run, NOW)
    assert await database.read(budgets.list_balances, "studio") == []


async def test_a_cancelled_run_frees_its_reservation(database, new_run):
    await database.write(submission.submit, new_run(budgets=(terms(10**9),)), NOW)
    await database.write(outcomes.cancel, "studio", "run-1", NOW)
    assert await balance(database) == (0, 0)


async def test_a_look_at_the_clock_before_the_attempt_began_costs_nothing(database, new_run):
    await database.write(submission.submit, new_run(timeout=10.0, budgets=(terms(10**9),)), NOW)
    await database.write(queue.claim, "w", {"env": 1}, 1, SECOND, NOW)
    await database.write(outcomes.cancel, "studio", "run-1", NOW - 3 * SECOND)
    assert await balance(database) == (0, 0)


async def test_each_threshold_is_told_once(database, new_run):
    limit = 10_000
    for _ in range(4):
        run = new_run(timeout=2.5, tries=1, budgets=(terms(limit, (50, 75, 90, 100)),), webhooks=HOOK)
        await database.write(submission.submit, run, NOW)
        (held,) = await database.write(queue.claim, "w", {"env": 1}, 1, SECOND, NOW)
        await database.write(outcomes.finish, held.run_id, held.fence, Outcome("completed", 2.5), NOW)
    told = await database.write(outbox.due, NOW)
    assert [row.event_type for row in told] == ["budget.alert"] * 4


async def test_a_new_period_starts_empty(database, new_run):
    run = new_run(timeout=10.0, tries=1, budgets=(terms(10_000),))
    await database.write(submission.submit, run, NOW)
    await database.write(
        submission.submit, new_run(timeout=10.0, tries=1, budgets=(terms(10_000, period=7),)), NOW
    )
    rows = await database.read(budgets.list_balances, "studio")
    assert [(row.period, row.reserved) for row in rows] == [(7, 10_000), (0, 10_000)]


@given(seconds=st.floats(0, 10**6), price=st.integers(0, 10**9))
def test_cost_is_never_below_the_exact_price_nor_a_micro_dollar_above(seconds, price):
    exact = seconds * price / 3600
    assert exact <= cost(seconds, price) + 1e-6 * max(exact, 1)
    assert cost(seconds, price) <= exact + 1 + 1e-6 * exact


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["submit", "finish", "cancel", "die"]), st.floats(0.1, 9)), max_size=30
    )
)
def test_spent_and_reserved_never_pass_the_limit_and_end_at_what_was_settled(new_run, steps):
    limit = 30_000
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        migrate.upgrade(connection)
        open_runs = []
        for step, seconds in steps:
            if step == "submit":
                run = new_run(timeout=5.0, tries=2, budgets=(terms(limit),))
                try:
                    submission.submit(connection, run, NOW)
                except BudgetExceeded:
                    continue
                open_runs.append(run.id)
            elif step == "cancel" and open_runs:
                with suppress(AlreadyFinished):
                    outcomes.cancel(connection, "studio", open_runs.pop(0), NOW)
            elif held := queue.claim(connection, "w", {"env": 1}, 1, SECOND, NOW):
                run_id, fence = held[0].run_id, held[0].fence
                if step == "die":
                    queue.give_back(connection, run_id, fence, "it died", "", 0, NOW + int(seconds * SECOND))
                else:
                    outcomes.finish(connection, run_id, fence, Outcome("completed", seconds), NOW)
            for row in budgets.list_balances(connection, "studio"):
                assert row.reserved >= 0
                assert row.spent + row.reserved <= limit
    engine.dispose()
