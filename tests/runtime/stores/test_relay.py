"""Buses of several processes joined by the database: what one publishes, the followers at all others hear."""

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace

import psycopg
import pytest

from flowscale_runtime.stores import outcomes, queue, submission
from flowscale_runtime.stores.bus import Bus
from flowscale_runtime.stores.postgres import PostgresDatabase
from flowscale_runtime.stores.relay import Relay
from flowscale_runtime.stores.values import SECOND, Event, Outcome

pytestmark = pytest.mark.services
NOW = 1_700_000_000_000_000


@asynccontextmanager
async def process(url, name):
    """What a process has of this: a bus, a database and a relay."""
    database, bus, again = PostgresDatabase(url, size=2), Bus(), []
    relay = Relay(url, bus, database, name, lambda: again.append(1))
    task = asyncio.create_task(relay.run())
    await relay.listening.wait()
    yield SimpleNamespace(database=database, bus=bus, relay=relay, reconnected=again)
    await relay.settle()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await database.close()


@pytest.fixture
async def two(postgres_url):
    async with process(postgres_url, "one") as one, process(postgres_url, "two") as other:
        yield one, other


async def heard(follower, count):
    """The next events that a follower is told."""
    found = []
    while len(found) < count:
        found += await follower.next()
    return found


async def test_events_reach_the_followers_of_another_process_in_order(two):
    one, other = two
    with other.bus.follow("r") as follower:
        told = [Event("r", number, "output", {"n": number}) for number in range(1, 301)]
        one.bus.publish(told)
        assert await heard(follower, 300) == told


async def test_nobody_hears_its_own_events_twice(two):
    one, other = two
    with one.bus.follow("r") as follower, other.bus.follow("r") as far:
        one.bus.publish([Event("r", 1, "queued", {})])
        await heard(far, 1)
        other.bus.publish([Event("r", 2, "started", {})])
        assert [event.sequence for event in await heard(follower, 2)] == [1, 2]


async def test_progress_and_the_latest_preview_arrive(two):
    one, other = two
    with other.bus.follow("r") as follower:
        one.bus.progress("r", 40.0, {"node_id": "3"})
        one.bus.preview("r", b"p" * 50_000, "image/png", "3")
        found = {event.type: event.data for event in await heard(follower, 2)}
    assert found["progress"] == {"progress": 40.0, "node_id": "3"}
    assert found["preview"] == {"node_id": "3", "content_type": "image/png", "image": b"p" * 50_000}
    assert other.bus.live("r").progress == 40.0


async def test_a_wake_reaches_whoever_listens_to_everything(two):
    one, other = two
    with other.bus.follow(None) as follower:
        one.bus.wake()
        assert [event.type for event in await heard(follower, 1)] == ["wake"]


async def test_an_event_too_long_for_a_notification_is_read_from_its_table(two, new_run):
    one, other = two
    submitted = await one.database.write(submission.submit, new_run(), NOW)
    (run,) = await one.database.write(queue.claim, "w", {"env": 1}, 1, SECOND, NOW)
    error = {"code": "NODE_FAILED", "message": "m" * 20_000, "details": {}}
    with other.bus.follow(run.run_id) as follower:
        one.bus.publish(submitted.events)
        one.bus.publish(run.events)
        change = await one.database.write(
            outcomes.finish, run.run_id, run.fence, Outcome("failed", 1.0, error=error), NOW
        )
        one.bus.publish(change.events)
        found = {event.sequence: event for event in await heard(follower, 3)}
    assert found[3].data["error"] == error


async def test_what_was_told_while_the_connection_was_away_is_made_up_for(two, new_run, postgres_url):
    one, other = two
    with other.bus.follow("run-1") as follower:
        async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as admin:
            await one.database.write(submission.submit, new_run(), NOW)  # its process died before it told
            cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'flowscale-events'"
            await admin.execute(cut)
        assert [event.type for event in await heard(follower, 1)] == ["queued"]
    assert len(other.reconnected) == 2
