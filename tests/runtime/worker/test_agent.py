"""Runs on real host processes: each ends, whatever its nodes do, and what it took is given back."""

import asyncio

import psutil
import pytest

from flowscale_runtime.clock import now
from flowscale_runtime.engines import processes
from flowscale_runtime.engines.triton.engine import TritonEngine
from flowscale_runtime.stores import outcomes, queries, queue
from flowscale_runtime.worker import agent
from flowscale_runtime.worker.host import ProcessEngine

pytestmark = pytest.mark.services


def hosts(bench):
    return [host for host, _ in bench.pool.hosts]


async def gone(mark):
    """Returns once no process carries the mark."""
    while await asyncio.to_thread(processes.marked, mark):
        await asyncio.sleep(0.05)


async def test_a_run_ends_with_its_files_in_the_object_store(bench):
    row = await bench.end(await bench.submit("nothing"))
    (output,) = (await bench.database.read(queries.outputs, [row.id]))[row.id]
    assert row.state == "completed"
    assert bench.objects.get(output.object) == b"fine"
    assert output.filename == f"filename_prefix_1_{row.suffix}.txt"


async def test_what_a_node_prints_is_the_log_of_its_run(bench):
    row = await bench.end(await bench.submit("prints"))
    assert await bench.database.read(queries.log, row.id) == "a line of the node\n"


async def test_an_error_of_a_node_names_node_title_class_and_cause(bench):
    row = await bench.end(await bench.submit("raises"))
    assert (row.state, row.error["code"]) == ("failed", "NODE_FAILED")
    assert "Naughty (node 1)" in row.error["message"]
    assert "the shape is wrong" in row.error["message"]
    assert row.error["details"]["class_type"] == "Misbehave"


async def test_a_run_whose_host_crashes_is_tried_again_on_a_new_host(bench):
    row = await bench.end(await bench.submit("crashes_once"))
    assert (row.state, row.fence) == ("completed", 4)


WHY = {
    ("crashes", ProcessEngine): "signal 11",
    ("crashes", TritonEngine): "Segmentation fault",
    ("leaves", ProcessEngine): "exit code 3",
    ("leaves", TritonEngine): "its process ended",
}


@pytest.mark.parametrize("behaviour", ["crashes", "leaves"])
async def test_a_run_that_kills_every_host_fails_and_the_next_run_has_a_fresh_host(bench, behaviour, engine):
    row = await bench.end(await bench.submit(behaviour))
    assert (row.state, (row.error or {}).get("code")) == ("failed", "WORKER_LOST")
    assert WHY[behaviour, type(engine)] in row.error["message"]
    assert (await bench.end(await bench.submit("nothing"))).state == "completed"


STUBBORN = ["sleeps", "loops_in_c", "holds_the_gil", "forks"]


@pytest.mark.parametrize("behaviour", ["steps", *STUBBORN])
async def test_a_run_over_its_time_is_stopped_for_real(bench, behaviour):
    row = await bench.end(await bench.submit(behaviour, timeout=1.0))
    assert (row.state, row.error["code"]) == ("timed_out", "TIMEOUT")
    if behaviour in STUBBORN:
        for host in hosts(bench):
            await gone(host.name)
    assert (await bench.end(await bench.submit("nothing"))).state == "completed"


@pytest.mark.parametrize("behaviour", STUBBORN)
async def test_a_cancelled_run_is_stopped_for_real(bench, behaviour):
    run_id = await bench.submit(behaviour)
    await bench.state(run_id, "running")
    while not hosts(bench):
        await asyncio.sleep(0.02)
    (host,) = hosts(bench)
    await host.ready
    await asyncio.sleep(0.2)
    change, _ = await bench.database.write(outcomes.cancel, "p", run_id, now())
    bench.bus.publish(change.events)
    await gone(host.name)
    assert (await bench.row(run_id)).state == "cancelled"
    assert (await bench.end(await bench.submit("nothing"))).state == "completed"


async def test_a_run_that_stops_when_asked_keeps_its_host_and_loses_its_children(bench):
    row = await bench.end(await bench.submit("leaves_a_child", timeout=1.0))
    assert row.state == "timed_out"
    (host,) = hosts(bench)
    assert host.alive
    children = psutil.Process(host.pid).children(recursive=True)
    assert [child for child in children if child.status() != psutil.STATUS_ZOMBIE] == []


async def test_a_run_over_its_memory_fails_and_the_memory_is_back(bench):
    row = await bench.end(await bench.submit("allocates", memory=400 << 20))
    assert (row.state, row.error["code"]) == ("failed", "OUT_OF_MEMORY")
    for host in hosts(bench):
        await gone(host.name)


async def test_runs_go_on_side_by_side_on_as_many_hosts_as_there_may_be(bench):
    runs = [await bench.submit("steps") for _ in range(3)]
    await bench.state(runs[0], "running")
    await bench.state(runs[1], "running")
    assert (await bench.row(runs[2])).state == "queued"
    for run_id in runs:
        change, _ = await bench.database.write(outcomes.cancel, "p", run_id, now())
        bench.bus.publish(change.events)


async def test_progress_and_preview_reach_followers(bench):
    run_id = await bench.submit("steps")
    with bench.bus.follow(run_id) as follower:
        while not any(event.type == "progress" for event in await follower.next()):
            pass
    assert bench.bus.live(run_id).progress >= 0
    change, _ = await bench.database.write(outcomes.cancel, "p", run_id, now())
    bench.bus.publish(change.events)


async def test_draining_gives_back_what_does_not_end_in_time(bench):
    run_id = await bench.submit("sleeps")
    await bench.state(run_id, "running")
    await bench.agent.drain(grace=0.1)
    row = await bench.row(run_id)
    assert (row.state, row.tries_left) == ("queued", 1)


@pytest.fixture
def pausing(bench, monkeypatch):
    """Makes writes of an operation wait: an event that one has come, and one that lets it go on."""

    def pause(operation):
        come, go_on, write = asyncio.Event(), asyncio.Event(), bench.database.write

        async def paused(wanted, *arguments, **named):
            if wanted is operation:
                come.set()
                await go_on.wait()
            return await write(wanted, *arguments, **named)

        monkeypatch.setattr(bench.database, "write", paused)
        return come, go_on

    return pause


@pytest.mark.parametrize("operation", [queue.claim, agent._end_and_claim], ids=["claim", "result"])
async def test_draining_waits_for_a_claim_or_a_result_that_is_being_written(bench, pausing, operation):
    come, go_on = pausing(operation)
    run_id = await bench.submit("nothing")
    await come.wait()
    draining = asyncio.create_task(bench.agent.drain(grace=30))
    await asyncio.sleep(0.01)
    assert not draining.done()
    go_on.set()
    await draining
    assert (await bench.row(run_id)).state == "completed"
