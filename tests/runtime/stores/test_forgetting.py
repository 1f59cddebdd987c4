"""Forgetting: what is over goes, in bounded steps, and nothing that anything refers to."""

import hashlib

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, func, select

from flowscale_runtime.stores import (
    audit,
    forgetting,
    holdings,
    migrate,
    outcomes,
    queries,
    queue,
    seals,
    submission,
)
from flowscale_runtime.stores.audit import Entry
from flowscale_runtime.stores.forgetting import GRACE, Terms, Whose
from flowscale_runtime.stores.tables import (
    attempts,
    condemned,
    events,
    idempotency,
    ledger,
    run_outputs,
    runs,
)
from flowscale_runtime.stores.values import SECOND, Artifact, Idempotency, Outcome

NOW = 1_700_000_000_000_000
DAY = 86_400 * SECOND
TERMS = Terms(inputs=7 * DAY, outputs=30 * DAY, logs=30 * DAY, runs=90 * DAY, audit=365 * DAY)
PHOTO = hashlib.sha256(b"photo").hexdigest()
PICTURE = hashlib.sha256(b"picture").hexdigest()


def with_photo(name=PHOTO):
    return [{"path": "image_1", "value": "photo.png", "object": name}]


async def done(database, run, at=NOW, picture=PICTURE):
    """A run that completed and left a picture."""
    await database.write(submission.submit, run, at)
    (held,) = await database.write(queue.claim, "w", {"env": 1}, 1, SECOND, at)
    files = (Artifact("9", picture, "png", "image/png", 10),)
    await database.write(
        outcomes.finish, held.run_id, held.fence, Outcome("completed", 1.0, files, log="it went well"), at
    )


async def count(database, table):
    return await database.read(
        lambda connection: connection.execute(select(func.count()).select_from(table)).scalar()
    )


async def sweep(database, now):
    """One look of the sweeper; answers with the objects that it would delete."""
    while await database.write(forgetting.expire, "studio", TERMS, now):
        pass
    gone, held = await database.write(forgetting.take, now)
    await database.write(forgetting.settle, [*gone, *held])
    return gone


async def test_files_logs_and_records_go_when_their_time_is_over(database, new_run):
    run = new_run(inputs=with_photo(), idempotency=Idempotency("key", "body", NOW + DAY))
    await done(database, run)
    assert await sweep(database, NOW + 6 * DAY) == []
    assert await count(database, idempotency) == 0
    assert await sweep(database, NOW + 8 * DAY) == []  # their hour of grace begins
    assert await sweep(database, NOW + 8 * DAY + GRACE) == [PHOTO]
    await sweep(database, NOW + 31 * DAY)
    assert await sweep(database, NOW + 31 * DAY + GRACE) == [PICTURE]
    row, outputs = await database.read(queries.whole, "studio", run.id)
    assert (row.state, outputs, await database.read(queries.log, run.id)) == ("completed", [], "")
    await sweep(database, NOW + 91 * DAY)
    assert [await count(database, table) for table in (runs, events, attempts, run_outputs)] == [0] * 4
    assert await count(database, ledger) == 2  # what was set aside, and what it cost


async def test_a_file_that_something_else_refers_to_stays(database, new_run):
    await done(database, new_run(inputs=with_photo()))
    await done(database, new_run(inputs=with_photo()), NOW + 5 * DAY)
    await sweep(database, NOW + 8 * DAY)
    assert await sweep(database, NOW + 8 * DAY + GRACE) == []
    assert await count(database, condemned) == 0
    await sweep(database, NOW + 13 * DAY)
    assert await sweep(database, NOW + 13 * DAY + GRACE) == [PHOTO]


async def test_a_run_that_waits_keeps_its_files_however_long(database, new_run):
    await database.write(submission.submit, new_run(inputs=with_photo()), NOW)
    await database.write(holdings.hold, "studio", PHOTO, NOW)
    await sweep(database, NOW + 100 * DAY)
    assert await sweep(database, NOW + 100 * DAY + GRACE) == []
    assert await count(database, runs) == 1


async def test_an_upload_goes_when_nobody_has_sent_it_for_its_time(database):
    await database.write(holdings.hold, "studio", PHOTO, NOW)
    await sweep(database, NOW + 8 * DAY)
    assert not await database.read(holdings.held, "studio", PHOTO)
    assert await sweep(database, NOW + 8 * DAY + GRACE) == [PHOTO]


async def test_another_project_is_left_alone(database, new_run):
    await done(database, new_run(project="other", inputs=with_photo()))
    await sweep(database, NOW + 400 * DAY)
    assert (await count(database, runs), await count(database, run_outputs)) == (1, 1)


async def test_a_file_stays_as_long_as_the_project_says_that_keeps_it_longest(database, new_run):
    await done(database, new_run(project="other", inputs=with_photo()))
    await done(database, new_run(inputs=with_photo()))
    await sweep(database, NOW + 8 * DAY)
    assert await sweep(database, NOW + 8 * DAY + GRACE) == []
    while await database.write(forgetting.expire, "other", TERMS, NOW + 9 * DAY):
        pass
    assert await sweep(database, NOW + 9 * DAY + GRACE) == [PHOTO]


async def test_the_audit_log_is_shortened_only_where_it_is_sealed(database):
    for at in (NOW, NOW + 1):
        await database.write(audit.record, Entry("studio", "me", "key.created", "k", at))
    await sweep(database, NOW + 400 * DAY)
    assert (await database.read(audit.page, "studio", {}, 0, 10))[1] == 2
    block = await database.read(seals.unsealed)
    await database.write(seals.keep, block, "d" * 64, NOW)
    await sweep(database, NOW + 400 * DAY)
    assert (await database.read(audit.page, "studio", {}, 0, 10))[1] == 0


async def test_erasing_a_key_removes_all_about_its_runs_but_what_they_cost(database, new_run):
    await done(database, new_run(key_id="mine", inputs=with_photo(), tags=["a"]))
    await done(database, new_run(key_id="yours", inputs=with_photo()), picture="c" * 64)
    await database.write(submission.submit, new_run(key_id="mine"), NOW)
    lines = await count(database, ledger)
    removed, left = await database.write(forgetting.erase, "studio", Whose(key="mine"))
    assert (removed.runs, removed.outputs, removed.logs, removed.files, left) == (1, 1, 1, 2, ["run-3"])
    gone, held = await database.write(forgetting.take, NOW)
    assert (gone, held) == ([PICTURE], [PHOTO])
    assert await count(database, ledger) == lines
    again, _ = await database.write(forgetting.erase, "studio", Whose(key="mine"))
    assert again == forgetting.Erased()


async def test_erasing_takes_uploads_too_and_leaves_those_of_others(database, new_run):
    for name in (PHOTO, "c" * 64):
        await database.write(holdings.hold, "studio", name, NOW)
    await done(database, new_run(key_id="mine", inputs=with_photo()))
    await database.write(forgetting.erase, "studio", Whose(key="mine"))
    assert not await database.read(holdings.held, "studio", PHOTO)
    assert await database.read(holdings.held, "studio", "c" * 64)
    assert (await database.write(forgetting.take, NOW))[0] == [PICTURE, PHOTO]


async def test_what_one_sweeper_took_no_other_gets_until_an_hour_later(database):
    await database.write(forgetting.condemn, [PHOTO], NOW)
    later = NOW + GRACE
    assert await database.write(forgetting.take, later) == ([PHOTO], [])
    assert await database.write(forgetting.take, later) == ([], [])
    assert await database.write(forgetting.take, later + GRACE) == ([PHOTO], [])


async def test_what_a_release_is_made_of_stays(database, new_run):
    await database.write(holdings.bundle, [PHOTO], NOW)
    await done(database, new_run(inputs=with_photo()))
    await sweep(database, NOW + 8 * DAY)
    assert await sweep(database, NOW + 8 * DAY + GRACE) == []


async def test_erasing_by_group_and_by_tag(database, new_run):
    await done(database, new_run(group_id="order-1"))
    await done(database, new_run(tags=["user:alice"]))
    await done(database, new_run(tags={"user": "alice"}))
    removed = [
        (await database.write(forgetting.erase, "studio", whose))[0].runs
        for whose in (
            Whose(group="order-1"),
            Whose(tag="user:alice"),
            Whose(tag="user=alice"),
            Whose(tag="x"),
        )
    ]
    assert removed == [1, 1, 1, 0]


async def test_more_than_one_step_is_forgotten_in_several(database, new_run, monkeypatch):
    monkeypatch.setattr(forgetting, "STEP", 2)
    for number in range(5):
        await done(database, new_run(inputs=with_photo(f"{number}" * 64)), NOW + number, f"{number}" * 64)
    assert await database.write(forgetting.expire, "studio", TERMS, NOW + 100 * DAY)
    await sweep(database, NOW + 100 * DAY)
    assert await count(database, runs) == 0


NAMES = [character * 64 for character in "abc"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["run", "waiting", "upload", "sweep"]), st.sampled_from(NAMES), st.integers(0, 9)
        ),
        max_size=25,
    )
)
def test_no_object_is_deleted_that_anything_refers_to(new_run, steps):
    engine = create_engine("sqlite://")
    now, number = NOW, 0
    with engine.begin() as connection:
        migrate.upgrade(connection)
        for what, name, days in steps:
            now += days * DAY // 3
            number += 1
            if what == "upload":
                holdings.hold(connection, "studio", name, now)
            elif what == "sweep":
                forgetting.expire(connection, "studio", TERMS, now)
                gone, held = forgetting.take(connection, now)
                forgetting.settle(connection, [*gone, *held])
                assert not set(gone) & referred(connection, now)
            else:
                run = new_run(id=f"{number}", suffix=f"{number:010d}", inputs=with_photo(name))
                submission.submit(connection, run, now)
                if what == "run":
                    claimed = queue.claim(connection, "w", {"env": 100}, 100, SECOND, now)
                    for one in claimed:
                        files = (Artifact("9", name, "png", "image/png", 10),)
                        outcomes.finish(
                            connection, one.run_id, one.fence, Outcome("completed", 1.0, files), now
                        )


def referred(connection, now):
    """What is in use: outputs that are kept, uploads that are held, inputs of runs that wait or ended a while ago."""
    used = set(connection.execute(select(run_outputs.c.object)).scalars())
    used |= {name for name in NAMES if holdings.held(connection, "studio", name)}
    for row in connection.execute(select(runs.c.inputs, runs.c.completed_at)):
        if row.completed_at is None or row.completed_at > now - TERMS.inputs:
            used |= {one["object"] for one in row.inputs}
    return used
