"""Money: what is reserved, settled, refused and told."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, insert, select, update

from flowscale_runtime.stores import budgets, migrate, outbox, outcomes, queue, submission
from flowscale_runtime.stores.errors import AlreadyFinished, BudgetExceeded
from flowscale_runtime.stores.tables import balances, ledger, runs
from flowscale_runtime.stores.values import SECOND, BudgetTerms, CacheTerms, Outcome, cost

NOW = 1_700_000_000_000_000
HOOK = ({"url": "https://hook.example", "events": ["budget.alert"], "secret": None},)


def terms(limit, alerts=(), name="studio", period=0, project="studio", owner=None):
    return BudgetTerms(name, owner or f"project {project}", project, period, limit, alerts)


def every(connection):
    return connection.execute(select(balances).order_by(balances.c.period.desc())).all()


async def balance(database):
    (row,) = await database.read(every)
    return row.spent, row.reserved


async def standing(database, wanted):
    row = (await database.read(budgets.standing, [wanted])).get(wanted.name)
    return None if row is None else (row.spent, row.reserved)


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
    assert await database.read(every) == []


async def test_the_tightest_of_several_budgets_decides_and_none_is_charged(database, new_run):
    run = new_run(timeout=10.0, tries=1, budgets=(terms(50_000), terms(5_000, name="team")))
    with pytest.raises(BudgetExceeded, match="team"):
        await database.write(submission.submit, run, NOW)
    assert await database.read(every) == []


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
    rows = await database.read(every)
    assert [(row.period, row.reserved) for row in rows] == [(7, 10_000), (0, 10_000)]


async def test_budgets_of_one_name_are_each_projects_own(database, new_run):
    mine, theirs = terms(25_000), terms(10_000, project="rival")
    run = {"timeout": 10.0, "tries": 1}
    await database.write(submission.submit, new_run(**run, budgets=(mine,)), NOW)
    await database.write(submission.submit, new_run(**run, budgets=(theirs,), project="rival"), NOW)
    await database.write(submission.submit, new_run(**run, budgets=(mine,)), NOW)
    with pytest.raises(BudgetExceeded):
        await database.write(submission.submit, new_run(**run, budgets=(theirs,), project="rival"), NOW)
    assert await standing(database, mine) == (0, 20_000)
    assert await standing(database, theirs) == (0, 10_000)
    await database.write(outcomes.cancel, "rival", "run-2", NOW)
    assert await standing(database, mine) == (0, 20_000)
    assert await standing(database, theirs) == (0, 0)


async def test_projects_of_an_organization_spend_together_from_its_budget(database, new_run):
    acme = {"name": "all", "owner": "organization acme"}
    one, other = terms(15_000, **acme), terms(15_000, project="other", **acme)
    await database.write(submission.submit, new_run(timeout=10.0, tries=1, budgets=(one,)), NOW)
    run = new_run(timeout=10.0, tries=1, budgets=(other,), project="other")
    with pytest.raises(BudgetExceeded) as refused:
        await database.write(submission.submit, run, NOW)
    assert refused.value.left == 5_000


OLD_NAMES = {"budget": "studio", "period": 0, "project": "studio", "limit": 30_000, "alerts": []}
OLD_ROW = (balances.c.budget == "studio") & (balances.c.period == 0)


def as_before(connection, amount):
    """What the release before did at a submission: it knew names alone."""
    if connection.execute(select(balances.c.spent).where(OLD_ROW)).one_or_none() is None:
        connection.execute(insert(balances).values(**OLD_NAMES))
    change = {"reserved": balances.c.reserved + amount}
    assert connection.execute(update(balances).where(OLD_ROW).values(**change)).rowcount == 1


async def test_a_release_that_knows_names_alone_and_this_one_count_together(database, new_run):
    run = {"timeout": 5.0, "tries": 1, "budgets": (terms(30_000),)}
    await database.write(as_before, 5_000)
    assert await standing(database, terms(30_000)) == (0, 5_000)
    await database.write(submission.submit, new_run(**run), NOW)
    await database.write(as_before, 5_000)
    rival = terms(30_000, project="rival")
    await database.write(submission.submit, new_run(**run | {"budgets": (rival,)}, project="rival"), NOW)
    await database.write(as_before, 5_000)
    assert await standing(database, terms(30_000)) == (0, 20_000)
    assert await standing(database, rival) == (0, 5_000)
    written = await database.read(
        lambda connection: connection.execute(select(runs.c.budgets)).scalars().all()
    )
    assert written == [
        [["studio", 0]],
        [["project rival/studio", 0]],
    ]  # pairs, as the release before reads them


async def test_a_cached_answer_needs_no_balance_in_a_new_period(database, new_run):
    cache = CacheTerms("same", 0)
    run = new_run(timeout=10.0, tries=1, budgets=(terms(30_000),), cache=cache)
    await database.write(submission.submit, run, NOW)
    (held,) = await database.write(queue.claim, "w", {"env": 1}, 1, SECOND, NOW)
    await database.write(outcomes.finish, held.run_id, held.fence, Outcome("completed", 1.0), NOW)
    again = new_run(timeout=10.0, tries=1, budgets=(terms(30_000, period=7),), cache=cache)
    assert (await database.write(submission.submit, again, NOW)).state == "completed"


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
            for row in every(connection):
                assert row.reserved >= 0
                assert row.spent + row.reserved <= limit
    engine.dispose()
