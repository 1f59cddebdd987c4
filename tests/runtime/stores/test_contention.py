"""Many at once, as several gateways and workers are: limits hold exactly, and nothing happens twice."""

import asyncio
from collections import Counter

import pytest
from sqlalchemy import select, text

from flowscale_runtime.stores import budgets, outcomes, queries, queue, submission
from flowscale_runtime.stores.errors import BudgetExceeded, QueueFull
from flowscale_runtime.stores.tables import runs
from flowscale_runtime.stores.values import SECOND, BudgetTerms, CacheTerms, Idempotency, Outcome

NOW = 1_700_000_000_000_000
LEASE = 30 * SECOND


async def all_of(jobs):
    return await asyncio.gather(*jobs, return_exceptions=True)


async def claim(database, worker="w", total=1):
    return await database.write(queue.claim, worker, {"env": total}, total, LEASE, NOW)


async def test_a_budget_admits_exactly_what_it_can_hold(database, new_run):
    terms = BudgetTerms("studio", "project studio", "studio", 0, 70_000)
    wanted = [new_run(timeout=10.0, tries=1, budgets=(terms,)) for _ in range(20)]
    answers = await all_of(database.write(submission.submit, run, NOW) for run in wanted)
    refused = [answer for answer in answers if isinstance(answer, BudgetExceeded)]
    assert len(refused) == 13
    row = (await database.read(budgets.standing, [terms]))["studio"]
    assert (row.spent, row.reserved) == (0, 70_000)


@pytest.mark.parametrize("limit", [5, submission.NEAR + 5])
async def test_a_queue_admits_exactly_what_its_limit_says(database, new_run, limit):
    wanted = [new_run(queue_limit=limit) for _ in range(limit + 12)]
    answers = await all_of(database.write(submission.submit, run, NOW) for run in wanted)
    assert Counter(isinstance(answer, QueueFull) for answer in answers) == {False: limit, True: 12}


async def test_one_idempotency_key_makes_one_run(database, new_run):
    key = Idempotency("key", "body", NOW + SECOND)
    wanted = [new_run(idempotency=key) for _ in range(12)]
    answers = await all_of(database.write(submission.submit, run, NOW) for run in wanted)
    assert len({answer.run_id for answer in answers}) == 1
    assert sum(not answer.replayed for answer in answers) == 1


async def test_identical_runs_that_come_at_once_have_one_leader(database, new_run):
    wanted = [new_run(cache=CacheTerms("key", 0)) for _ in range(12)]
    await all_of(database.write(submission.submit, run, NOW) for run in wanted)
    (leader,) = await claim(database, total=12)
    await database.write(outcomes.finish, leader.run_id, leader.fence, Outcome("completed", 1.0), NOW)
    _, total = await database.read(
        queries.page, queries.Filter("studio", state="completed"), "created_at", False, 0, 1
    )
    assert total == 12


async def test_a_follower_that_comes_while_its_leader_ends_is_answered_or_leads(database, new_run):
    for number in range(8):
        cache = CacheTerms(f"key-{number}", 0)
        await database.write(submission.submit, new_run(cache=cache), NOW)
        (leader,) = await claim(database)
        ending = database.write(outcomes.finish, leader.run_id, leader.fence, Outcome("completed", 1.0), NOW)
        follower = new_run(cache=cache)
        await asyncio.gather(ending, database.write(submission.submit, follower, NOW))
        assert (await database.read(queries.run, "studio", follower.id)).state == "completed"


async def test_workers_that_claim_at_once_share_the_runs(database, new_run):
    for _ in range(24):
        await database.write(submission.submit, new_run(), NOW)
    taken = await asyncio.gather(*(claim(database, f"w{n}", 2) for n in range(12)))
    ids = Counter(run.run_id for claimed in taken for run in claimed)
    rest = await claim(database, total=24)
    assert set(ids.values()) <= {1}
    assert len(ids) + len(rest) == 24


async def test_a_deployments_concurrency_holds_over_all_workers(database, new_run):
    for _ in range(20):
        await database.write(submission.submit, new_run(concurrency=3), NOW)
    taken = await asyncio.gather(*(claim(database, f"w{n}", 2) for n in range(8)))
    assert sum(len(claimed) for claimed in taken) == 3


async def test_of_an_end_and_a_cancel_at_once_one_counts(database, new_run):
    for number in range(6):
        await database.write(submission.submit, new_run(), NOW)
        (run,) = await claim(database)
        done = database.write(outcomes.finish, run.run_id, run.fence, Outcome("completed", 1.0), NOW)
        stopped = database.write(outcomes.cancel, "studio", run.run_id, NOW)
        answers = await all_of([done, stopped])
        assert sum(isinstance(answer, Exception) for answer in answers) == 1, number


async def test_leases_that_ran_out_are_given_back_once_whoever_notices(database, new_run):
    for _ in range(6):
        await database.write(submission.submit, new_run(), NOW)
    await claim(database, total=6)
    changes = await asyncio.gather(*(database.write(queue.recover, NOW + LEASE) for _ in range(5)))
    assert sum(len(change.events) for change in changes) == 6


@pytest.mark.services
async def test_transactions_that_wait_in_a_circle_are_tried_again(database, new_run):
    for _ in range(2):
        await database.write(submission.submit, new_run(), NOW)
    if await database.read(lambda connection: connection.dialect.name) != "postgresql":
        pytest.skip("SQLite has one writer: nobody waits in a circle")

    def both(connection, first, second):
        for run_id in (first, second):
            connection.execute(text("UPDATE runs SET priority = priority + 1 WHERE id = :id"), {"id": run_id})
            connection.execute(text("SELECT pg_sleep(0.2)"))

    await asyncio.gather(database.write(both, "run-1", "run-2"), database.write(both, "run-2", "run-1"))
    rows = await database.read(lambda connection: connection.execute(select(runs.c.priority)).scalars().all())
    assert rows == [2, 2]
