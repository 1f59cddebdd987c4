"""What runs used, added up: the same on every database."""

import pytest

from flowscale_runtime.stores import outcomes, queue, submission, usage
from flowscale_runtime.stores.values import SECOND, Outcome

NOW = 1_700_000_000_000_000


@pytest.fixture
async def used(database, new_run):
    """Three runs: two completed under tags, one cancelled."""
    for tags in (["a", "b"], {"shot": 7}):
        await database.write(submission.submit, new_run(tags=tags, key_id="k"), NOW)
        (run,) = await database.write(queue.claim, "w", {"env": 1}, 1, SECOND, NOW)
        await database.write(outcomes.finish, run.run_id, run.fence, Outcome("completed", 1.5), NOW)
    await database.write(submission.submit, new_run(), NOW)
    await database.write(outcomes.cancel, "studio", "run-3", NOW)
    return database


SPAN = usage.Span("studio", NOW, NOW + 1)


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        (("deployment",), [("portrait",)]),
        (("key",), [(None,), ("k",)]),
        (("day",), [(NOW // usage.DAY,)]),
        (("tag",), [(None,), ("a",), ("b",), ("shot=7",)]),
        (("gpu", "version"), [("L4", "1.0.0")]),
    ],
)
async def test_runs_are_added_up_by_what_is_asked_for(used, by, keys):
    found = await used.read(usage.report, SPAN, by)
    assert sorted(found.rows, key=str) == sorted(keys, key=str)
    total = found.total
    assert (total.runs, total.completed, total.cancelled, total.seconds, total.cost) == (3, 2, 1, 3.0, 3000)
    assert type(total.cost) is int


async def test_what_lies_outside_the_span_is_not_counted(used):
    empty = await used.read(usage.report, usage.Span("studio", NOW + 1, NOW + 2), ("deployment",))
    assert (empty.rows, empty.total.runs) == ({}, 0)
