"""A run from submission to its end: states, fences, retries, followers, events."""

import pytest

from flowscale_runtime.stores import events, outcomes, queries, queue, submission
from flowscale_runtime.stores.errors import AlreadyFinished, KeyReused, LeaseLost, NotFound, QueueFull
from flowscale_runtime.stores.values import SECOND, Artifact, CacheTerms, Idempotency, Outcome

NOW = 1_700_000_000_000_000
LEASE = 30 * SECOND
IMAGE = Artifact("9", "a" * 64, ".png", "image/png", 10, {"width": 4})
DONE = Outcome("completed", 2.0, (IMAGE,), timings={"9": 2.0})


async def claim(database, now=NOW, total=1, worker="w", environments=("env",)):
    capacity = dict.fromkeys(environments, total)
    return await database.write(queue.claim, worker, capacity, total, LEASE, now)


async def state(database, run_id):
    return (await database.read(queries.run, "studio", run_id)).state


async def test_a_run_goes_from_queued_to_running_to_completed_with_one_event_each(database, new_run):
    submitted = await database.write(submission.submit, new_run(), NOW)
    (run,) = await claim(database)
    await database.write(outcomes.finish, run.run_id, run.fence, DONE, NOW + 3 * SECOND)
    told = await database.read(events.since, submitted.run_id, 0)
    assert [event.type for event in told] == ["queued", "started", "output", "completed"]
    assert [event.sequence for event in told] == [1, 2, 3, 4]
    row = await database.read(queries.run, "studio", submitted.run_id)
    assert (row.state, row.seconds, row.cost, row.timings) == ("completed", 2.0, 2000, {"9": 2.0})


async def test_outputs_of_one_node_are_numbered_from_the_second_on(database, new_run):
    await database.write(submission.submit, new_run(), NOW)
    (run,) = await claim(database)
    await database.write(
        outcomes.finish, run.run_id, run.fence, Outcome("completed", 1.0, (IMAGE, IMAGE, IMAGE)), NOW
    )
    found = (await database.read(queries.outputs, [run.run_id]))[run.run_id]
    stem = "filename_prefix_9_0000000001"
    assert [row.filename for row in found] == [f"{stem}.png", f"{stem}_2.png", f"{stem}_3.png"]


async def test_a_claim_takes_higher_priority_first_and_then_the_oldest(database, new_run):
    for priority in (0, 5, 0, 5):
        await database.write(submission.submit, new_run(priority=priority), NOW)
    assert [run.run_id for run in await claim(database, total=4)] == ["run-2", "run-4", "run-1", "run-3"]


async def test_a_claimed_run_is_not_claimed_again(database, new_run):
    await database.write(submission.submit, new_run(), NOW)
    assert len(await claim(database)) == 1
    assert await claim(database) == []


async def test_a_claim_takes_only_runs_of_environments_with_room(database, new_run):
    await database.write(submission.submit, new_run(environment="other"), NOW)
    assert await claim(database) == []
    assert len(await claim(database, environments=("env", "other"))) == 1


async def test_concurrency_of_a_deployment_bounds_its_running_runs_and_lets_others_pass(database, new_run):
    for _ in range(3):
        await database.write(submission.submit, new_run(concurrency=2), NOW)
    await database.write(submission.submit, new_run(deployment="other"), NOW)
    taken = await claim(database, total=10)
    assert [run.deployment for run in taken] == ["portrait", "portrait", "other"]
    await database.write(outcomes.finish, taken[0].run_id, taken[0].fence, DONE, NOW)
    assert [run.run_id for run in await claim(database, total=10)] == ["run-3"]


async def test_many_runs_of_a_full_deployment_do_not_hide_those_of_another(database, new_run):
    for _ in range(50):
        await database.write(submission.submit, new_run(concurrency=1), NOW)
    await database.write(submission.submit, new_run(deployment="other"), NOW)
    await claim(database)
    assert [run.deployment for run in await claim(database)] == ["other"]


async def test_only_the_holder_of_the_fence_ends_a_run(database, new_run):
    await database.write(submission.submit, new_run(), NOW)
    (first,) = await claim(database)
    await database.write(queue.recover, NOW + LEASE)
    (second,) = await claim(database, NOW + LEASE)
    with pytest.raises(LeaseLost):
        await database.write(outcomes.finish, first.run_id, first.fence, DONE, NOW + LEASE)
    await database.write(outcomes.finish, second.run_id, second.fence, DONE, NOW + LEASE)
    with pytest.raises(LeaseLost):
        await database.write(outcomes.finish, second.run_id, second.fence, DONE, NOW + LEASE)
    assert len((await database.read(queries.outputs, ["run-1"]))["run-1"]) == 1


async def test_a_lease_that_is_renewed_does_not_run_out(database, new_run):
    await database.write(submission.submit, new_run(), NOW)
    (run,) = await claim(database)
    assert await database.write(queue.renew, [(run.run_id, run.fence)], NOW + 2 * LEASE) == []
    await database.write(queue.recover, NOW + LEASE)
    assert await state(database, run.run_id) == "running"


async def test_renewing_tells_which_runs_were_lost(database, new_run):
    await database.write(submission.submit, new_run(), NOW)
    (run,) = await claim(database)
    await database.write(outcomes.cancel, "studio", run.run_id, NOW)
    assert await database.write(queue.renew, [(run.run_id, run.fence)], NOW + LEASE) == [run.run_id]


async def test_a_run_whose_worker_dies_is_tried_as_often_as_it_may_and_then_fails(database, new_run):
    await database.write(submission.submit, new_run(tries=2), NOW)
    (first,) = await claim(database)
    change = await database.write(queue.give_back, first.run_id, first.fence, "it died", "log 1\n", 0, NOW)
    assert change.wake
    (second,) = await claim(database)
    await database.write(queue.give_back, second.run_id, second.fence, "it died", "log 2\n", 0, NOW)
    row = await database.read(queries.run, "studio", "run-1")
    assert (row.state, row.error["code"]) == ("failed", "WORKER_LOST")
    assert await database.read(queries.log, "run-1") == "log 1\nlog 2\n"


async def test_seconds_of_attempts_that_died_are_paid(database, new_run):
    await database.write(submission.submit, new_run(), NOW)
    (run,) = await claim(database)
    later = NOW + 3 * SECOND
    await database.write(queue.give_back, run.run_id, run.fence, "it died", "", 0, later)
    (again,) = await claim(database, later)
    await database.write(outcomes.finish, again.run_id, again.fence, DONE, later)
    assert (await database.read(queries.run, "studio", "run-1")).cost == 5000


async def test_a_delayed_run_waits_for_its_time(database, new_run):
    await database.write(submission.submit, new_run(), NOW)
    (run,) = await claim(database)
    await database.write(queue.give_back, run.run_id, run.fence, "it died", "", 10 * SECOND, NOW)
    assert await claim(database, NOW + 9 * SECOND) == []
    assert await database.read(queue.next_available, NOW) == NOW + 10 * SECOND
    assert await database.write(queue.ripen, NOW + 9 * SECOND) is False
    assert await database.write(queue.ripen, NOW + 10 * SECOND) is True
    assert len(await claim(database, NOW + 10 * SECOND)) == 1


@pytest.mark.parametrize("running", [False, True])
async def test_a_cancelled_run_stays_cancelled(database, new_run, running):
    await database.write(submission.submit, new_run(), NOW)
    held = await claim(database) if running else []
    change, worker = await database.write(outcomes.cancel, "studio", "run-1", NOW + SECOND)
    assert [event.type for event in change.events] == ["cancelled"]
    assert worker == ("w" if running else None)
    for run in held:
        with pytest.raises(LeaseLost):
            await database.write(outcomes.finish, run.run_id, run.fence, DONE, NOW + SECOND)
    with pytest.raises(AlreadyFinished):
        await database.write(outcomes.cancel, "studio", "run-1", NOW + SECOND)
    assert await state(database, "run-1") == "cancelled"
    assert await claim(database) == []


async def test_another_tenant_cannot_see_or_cancel_a_run(database, new_run):
    await database.write(submission.submit, new_run(), NOW)
    with pytest.raises(NotFound):
        await database.write(outcomes.cancel, "rival", "run-1", NOW)
    with pytest.raises(NotFound):
        await database.read(queries.run, "rival", "run-1")


async def test_a_run_that_waits_longer_than_its_ttl_times_out(database, new_run):
    await database.write(submission.submit, new_run(expires_at=NOW + SECOND), NOW)
    assert (await database.write(outcomes.expire, NOW)).events == ()
    await database.write(outcomes.expire, NOW + SECOND)
    row = await database.read(queries.run, "studio", "run-1")
    assert (row.state, row.error["code"]) == ("timed_out", "TTL_EXPIRED")


async def test_a_full_queue_refuses_and_running_runs_do_not_count(database, new_run):
    await database.write(submission.submit, new_run(queue_limit=1), NOW)
    with pytest.raises(QueueFull):
        await database.write(submission.submit, new_run(queue_limit=1), NOW)
    await claim(database)
    await database.write(submission.submit, new_run(queue_limit=1), NOW)


async def test_the_same_idempotency_key_and_body_is_the_same_run(database, new_run):
    terms = Idempotency("k", "body", NOW + SECOND)
    first = await database.write(submission.submit, new_run(idempotency=terms), NOW)
    again = await database.write(submission.submit, new_run(idempotency=terms), NOW)
    assert (again.run_id, again.replayed, again.output_names) == (first.run_id, True, first.output_names)
    with pytest.raises(KeyReused):
        await database.write(
            submission.submit, new_run(idempotency=Idempotency("k", "other", NOW + SECOND)), NOW
        )
    other_caller = await database.write(submission.submit, new_run(idempotency=terms, key_id="x"), NOW)
    assert other_caller.run_id != first.run_id
    late = await database.write(submission.submit, new_run(idempotency=terms), NOW + SECOND)
    assert late.run_id != first.run_id


async def test_a_refused_submission_does_not_keep_its_idempotency_key(database, new_run):
    terms = Idempotency("k", "body", NOW + SECOND)
    with pytest.raises(QueueFull):
        await database.write(submission.submit, new_run(idempotency=terms, queue_limit=0), NOW)
    assert not (await database.write(submission.submit, new_run(idempotency=terms), NOW)).replayed


async def test_a_fresh_answer_completes_a_run_at_once_at_no_cost(database, new_run):
    cache = CacheTerms("key", NOW - SECOND)
    await database.write(submission.submit, new_run(cache=cache), NOW)
    (run,) = await claim(database)
    await database.write(outcomes.finish, run.run_id, run.fence, DONE, NOW)
    hit = await database.write(submission.submit, new_run(cache=cache), NOW)
    assert hit.state == "completed"
    assert [event.type for event in hit.events] == ["queued", "output", "completed"]
    row = await database.read(queries.run, "studio", hit.run_id)
    assert (row.cached, row.cost) == (True, 0)
    (output,) = (await database.read(queries.outputs, [hit.run_id]))[hit.run_id]
    assert (output.object, output.filename) == (IMAGE.object, "filename_prefix_9_0000000002.png")


@pytest.mark.parametrize(
    "change",
    [
        {"cache": CacheTerms("other", 0)},
        {"cache": CacheTerms("key", NOW + 1)},
        {"project": "rival"},
        {"cache": None},
    ],
    ids=["another key", "too old", "another tenant", "opted out"],
)
async def test_an_answer_is_not_taken_where_it_must_not_be(database, new_run, change):
    await database.write(submission.submit, new_run(cache=CacheTerms("key", 0)), NOW)
    (run,) = await claim(database)
    await database.write(outcomes.finish, run.run_id, run.fence, DONE, NOW)
    again = await database.write(
        submission.submit, new_run(**({"cache": CacheTerms("key", 0)} | change)), NOW
    )
    assert again.state == "queued"


async def test_identical_concurrent_runs_compute_once(database, new_run):
    for _ in range(3):
        await database.write(submission.submit, new_run(cache=CacheTerms("key", 0)), NOW)
    (run,) = await claim(database, total=5)
    change = await database.write(outcomes.finish, run.run_id, run.fence, DONE, NOW)
    assert [event.run_id for event in change.events if event.type == "completed"] == [
        "run-1",
        "run-2",
        "run-3",
    ]
    assert [await state(database, f"run-{number}") for number in (1, 2, 3)] == ["completed"] * 3


@pytest.mark.parametrize("how", ["fails", "is cancelled"])
async def test_when_the_computing_run_ends_without_answer_a_follower_computes(database, new_run, how):
    for _ in range(3):
        await database.write(submission.submit, new_run(cache=CacheTerms("key", 0)), NOW)
    (run,) = await claim(database, total=5)
    if how == "fails":
        failed = Outcome("failed", 1.0, error={"code": "NODE_FAILED", "message": "no", "details": {}})
        change = await database.write(outcomes.finish, run.run_id, run.fence, failed, NOW)
    else:
        change, _ = await database.write(outcomes.cancel, "studio", run.run_id, NOW)
    assert change.wake
    (second,) = await claim(database, total=5)
    assert second.run_id == "run-2"
    await database.write(outcomes.finish, second.run_id, second.fence, DONE, NOW)
    assert await state(database, "run-3") == "completed"


async def test_runs_are_listed_by_page_filter_and_order(database, new_run):
    for number in range(5):
        await database.write(submission.submit, new_run(group_id="g" if number % 2 else None), NOW + number)
    rows, total = await database.read(queries.page, queries.Filter("studio"), "created_at", True, 1, 2)
    assert ([row.id for row in rows], total) == (["run-4", "run-3"], 5)
    rows, total = await database.read(
        queries.page, queries.Filter("studio", group_id="g"), "created_at", False, 0, 10
    )
    assert ([row.id for row in rows], total) == (["run-2", "run-4"], 2)
    rows, total = await database.read(
        queries.page,
        queries.Filter("studio", created_after=NOW, created_before=NOW + 3),
        "created_at",
        False,
        0,
        9,
    )
    assert [row.id for row in rows] == ["run-2", "run-3"]


@pytest.mark.parametrize("name", ["filename_prefix_9_0000000001", "filename_prefix_9_0000000001_2.png"])
async def test_a_run_is_found_by_the_name_of_an_output_before_the_file_exists(database, new_run, name):
    await database.write(submission.submit, new_run(), NOW)
    assert (await database.read(queries.naming, "studio", name, None)).id == "run-1"
    assert await database.read(queries.naming, "rival", name, None) is None
    assert await database.read(queries.naming, "studio", "nonsense", None) is None
