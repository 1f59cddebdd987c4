"""What controllers are told: counts of now, totals that only grow, and latencies of a while."""

from flowscale_runtime.stores import feedback, outcomes, queue, submission
from flowscale_runtime.stores.demand import MARGIN, Demand, quantile
from flowscale_runtime.stores.values import SECOND, Outcome

NOW = 1_700_000_000_000_000


async def ended(database, new_run, now, outcome, **changes):
    await database.write(submission.submit, new_run(**changes), now)
    (run,) = await database.write(queue.claim, "w", {"env": 1}, 1, SECOND, now)
    await database.write(outcomes.finish, run.run_id, run.fence, outcome, now + 2 * SECOND)
    return run.run_id


async def test_waiting_and_running_runs_are_counted_with_the_oldest(database, new_run):
    for number in range(3):
        await database.write(submission.submit, new_run(), NOW + number)
    await database.write(queue.claim, "w", {"env": 1}, 1, SECOND, NOW)
    told = (await database.read(Demand().snapshot, NOW))["portrait"]
    assert (told["queued"], told["running"], told["arrivals"]) == (2, 1, 3)
    assert told["oldest_queued_at"] == NOW + 1


async def test_ends_are_counted_by_release_with_their_scores(database, new_run):
    done = await ended(database, new_run, NOW, Outcome("completed", 1.5), release="sha256:a")
    await ended(database, new_run, NOW, Outcome("failed", 0.5, error={}), release="sha256:a")
    await ended(database, new_run, NOW, Outcome("timed_out", 1.0, error={}), release="sha256:b")
    await database.write(feedback.add, done, None, 0.75, None, NOW)
    releases = (await database.read(Demand().snapshot, NOW + 3 * SECOND))["portrait"]["releases"]
    assert releases["sha256:a"] == {
        "completed": 1,
        "failed": 1,
        "timed_out": 0,
        "seconds": 2.0,
        "score_total": 0.75,
        "score_count": 1,
        "latency_p50": 2.0,
        "latency_p95": 2.0,
    }
    assert releases["sha256:b"]["timed_out"] == 1


async def test_totals_are_the_same_whenever_one_began_to_count(database, new_run):
    early, later = Demand(), NOW
    for number in range(6):
        later = NOW + number * MARGIN
        await ended(database, new_run, later, Outcome("completed", 1.0))
        await database.read(early.snapshot, later)
    later += 5 * MARGIN
    known = await database.read(early.snapshot, later)
    assert known == await database.read(Demand().snapshot, later)
    assert known["portrait"]["releases"]["sha256:" + "0" * 64]["completed"] == 6
    assert await database.read(early.snapshot, later) == known


def test_quantiles_of_none_of_one_and_of_many():
    assert quantile([], 0.5) is None
    assert quantile([3.0], 0.95) == 3.0
    assert quantile([float(n) for n in range(100)], 0.95) == 95.0
