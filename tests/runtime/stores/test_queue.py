"""The queue in the database: turns, lanes, favourites, and that a long queue makes no claim dearer."""

import pytest
from sqlalchemy import text

from flowscale_runtime.stores import queries, queue, submission
from flowscale_runtime.stores.queue import Leaning
from flowscale_runtime.stores.tables import runs
from flowscale_runtime.stores.values import SECOND

NOW = 1_700_000_000_000_000
LEASE = 30 * SECOND


async def claim(database, total=1, now=NOW, environments=("env",), **leaning):
    capacity = dict.fromkeys(environments, total)
    return await database.write(queue.claim, "w", capacity, total, LEASE, now, Leaning(**leaning))


async def submit(database, new_run, count=1, **changes):
    for _ in range(count):
        await database.write(submission.submit, new_run(**changes), NOW)


async def test_keys_that_wait_together_are_served_in_turns(database, new_run):
    await submit(database, new_run, 4, key_id="flood")
    await submit(database, new_run, 2, key_id="guest")
    assert [run.run_id for run in await claim(database, 6)] == [f"run-{n}" for n in (1, 5, 2, 6, 3, 4)]


async def test_a_key_of_weight_two_is_served_twice_as_often(database, new_run):
    await submit(database, new_run, 4, key_id="heavy", weight=2)
    await submit(database, new_run, 2, key_id="light")
    assert [run.run_id for run in await claim(database, 6)] == [f"run-{n}" for n in (1, 5, 2, 3, 6, 4)]


async def test_deployments_of_one_environment_are_served_in_turns_too(database, new_run):
    await submit(database, new_run, 3, key_id="flood")
    await submit(database, new_run, 1, key_id="guest", deployment="other")
    assert [run.run_id for run in await claim(database, 2)] == ["run-1", "run-4"]


async def test_one_claim_in_some_takes_what_waits_longest_whatever_its_priority(database, new_run):
    await submit(database, new_run, 1, key_id="patient")
    await submit(database, new_run, 3, key_id="pushing", priority=9)
    assert [run.run_id for run in await claim(database)] == ["run-2"]
    assert [run.run_id for run in await claim(database, by_turn=True)] == ["run-1"]


async def test_a_worker_of_one_deployment_takes_nothing_of_another(database, new_run):
    await submit(database, new_run, 1, deployment="other")
    assert await claim(database, deployment="portrait") == []
    assert [run.run_id for run in await claim(database, deployment="other")] == ["run-1"]


async def test_a_worker_takes_what_it_has_loaded_first_but_not_for_long(database, new_run):
    await submit(database, new_run, 2, release="cold")
    await submit(database, new_run, 1, release="warm")
    assert [run.run_id for run in await claim(database, warm={"warm"})] == ["run-3"]
    await submit(database, new_run, 1, release="warm")
    late = NOW + 3 * SECOND
    assert [run.run_id for run in await claim(database, warm={"warm"}, now=late)] == ["run-1"]


async def test_a_claim_for_several_instances_takes_no_more_of_a_deployment_than_it_may_run(database, new_run):
    await submit(database, new_run, 5, concurrency=2)
    await submit(database, new_run, 2, deployment="other")
    taken = await claim(database, 10)
    assert sorted(run.deployment for run in taken) == ["other", "other", "portrait", "portrait"]


async def test_a_run_that_waited_too_long_is_not_started(database, new_run):
    await submit(database, new_run, 1, expires_at=NOW + SECOND)
    assert await claim(database, now=NOW + SECOND) == []


def fill(connection, new_run, count):
    """One run of a deployment that is full then, and `count` copies of it that wait behind."""
    submission.submit(connection, new_run(concurrency=1, deployment="full"), NOW)
    changed = {"id": "'filler-' || i", "turn": "i", "number": "number + i"}
    columns = [column.name for column in runs.c]
    values = ", ".join(changed.get(name, f"runs.{name}") for name in columns)
    connection.execute(
        text(
            f"INSERT INTO runs ({', '.join(columns)}) WITH RECURSIVE n(i) AS "
            "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count) "
            f"SELECT {values} FROM runs, n"
        ),
        {"count": count},
    )
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT setval('runs_number_seq', {2 * count + 1000})"))
        connection.execute(text("ANALYZE runs"))


async def visited(database, new_run, count):
    """What one claim of another deployment visits while `count` runs of a full one wait before it."""
    await database.write(fill, new_run, count)
    await submit(database, new_run, 3, deployment="other")
    assert [run.deployment for run in await claim(database)] == ["full"]
    return await database.write(_counted)


def _counted(connection):
    if connection.dialect.name == "sqlite":
        return _steps(connection)
    before = connection.execute(_TOUCHED).one()
    assert [run.deployment for run in queue.claim(connection, "w", {"env": 1}, 1, LEASE, NOW)] == ["other"]
    after = connection.execute(_TOUCHED).one()
    return int(after.visited - before.visited)


_TOUCHED = text(
    "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) AS visited FROM pg_stat_xact_user_tables"
)


def _steps(connection):
    """Hundreds of instructions that SQLite's machine makes for a claim."""
    steps = 0

    def count():
        nonlocal steps
        steps += 1

    raw = connection.connection.dbapi_connection
    raw.set_progress_handler(count, 100)
    assert [run.deployment for run in queue.claim(connection, "w", {"env": 1}, 1, LEASE, NOW)] == ["other"]
    raw.set_progress_handler(None, 0)
    return steps


@pytest.mark.slow
async def test_a_claim_visits_no_more_where_a_hundred_thousand_runs_wait_than_where_a_hundred_do(
    database, new_run
):
    few = await visited(database, new_run, 100)
    await database.write(lambda connection: connection.execute(text("DELETE FROM runs")))
    many = await visited(database, new_run, 100_000)
    assert many <= few + 20


async def test_the_retried_run_keeps_its_turn(database, new_run):
    await submit(database, new_run, 2, key_id="k")
    (first,) = await claim(database)
    await database.write(queue.give_back, first.run_id, first.fence, "it died", "", 0, NOW)
    assert [run.run_id for run in await claim(database)] == ["run-1"]
    assert (await database.read(queries.run, "studio", "run-2")).state == "queued"
