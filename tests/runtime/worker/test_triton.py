"""What only Triton can do to a worker: die with all its hosts, serve environments beside each other, be cancelled."""

import asyncio
import os
import signal
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from flowscale_runtime.stores import events

pytestmark = [pytest.mark.services, pytest.mark.triton]


@pytest.fixture(params=["triton"])
def engine(engine):
    return engine


def graph(behaviour):
    return {"1": {"class_type": "Misbehave", "inputs": {"behaviour": behaviour}}}


async def exists(path):
    while not path.exists():
        await asyncio.sleep(0.02)


async def test_a_run_survives_the_death_of_the_server_and_ends_once(bench, engine, tmp_path):
    run_id = await bench.submit("waits_once")
    await exists(tmp_path / "inputs" / "waited")
    before = engine.servers.current
    os.kill(before.pid, signal.SIGKILL)
    row = await bench.end(run_id)
    assert (row.state, row.fence) == ("completed", 4)
    ends = [event.type for event in await bench.database.read(events.since, run_id, 0)]
    assert ends.count("completed") == 1
    assert engine.servers.current is not before
    assert list(Path("/dev/shm").glob(f"{before.name}*")) == []


async def test_hosts_of_two_environments_live_in_one_server_and_the_old_one_drains(bench, engine):
    await bench.end(await bench.submit("nothing"))
    (old,) = (host for host, _ in bench.pool.hosts)
    newer = replace(bench.environment, name="env-newer")
    await bench.pool.describe(newer)
    bench.pool.use([newer])
    await bench.end(await bench.submit("nothing", environment="env-newer"))
    await bench.pool.shrink(1e12, idle_timeout=0)
    assert {host.model.rpartition("-")[0] for host, _ in bench.pool.hosts} >= {"env-newer"}
    assert old.model.startswith("env-test-")
    assert "nv_inference_count" in await engine.metrics()


async def test_a_run_whose_request_is_cancelled_stops_within_a_second(bench, engine, tmp_path):
    host = await bench.pool.acquire("env-test")
    await host.ready
    job = {"type": "run", "graph": graph("steps"), "targets": ["1"]}
    async with aclosing(engine.servers.current.client.ask(host.model, job)) as answers:
        async for head, _ in answers:
            assert head["type"] == "progress"
            break
    async with asyncio.timeout(1):
        result = await host.run({"graph": graph("nothing"), "targets": ["1"]}, lambda head, blob: None)
    assert result["status"] == "completed"
