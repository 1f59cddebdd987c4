"""kill -9 of gateways, workers, PostgreSQL and S3, at named steps and at random moments: nothing is lost, nothing ends
twice, what was cancelled stays so, no budget is passed, and every webhook is delivered."""

import asyncio
import hashlib
import itertools
import os
import random
import signal
import sys
from collections import Counter
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import psycopg
import pytest
import uvicorn

from harness.fleet import fleet
from harness.postgres import postgres
from harness.s3 import s3

HERE = Path(__file__).parent
STEPS = {
    **dict.fromkeys(("insert", "commit", "deliver"), "gateway"),
    **dict.fromkeys(("claim", "claimed", "upload", "finish"), "worker"),
}

pytestmark = [pytest.mark.services, pytest.mark.slow]
MANY = 2000
SOME = 24
WORDS = 40
LIMIT = 20_000_000  # micro-dollars: 33 runs may wait or run at once
REGRETTED = 9  # every so many runs are cancelled at once
SPEC = """
apiVersion: flowscale.ai/v1
kind: Workflow
metadata: {{name: echo}}
spec: {{source: echo.json, version: 1.0.0, inputs: {{text: {{from: 1.value}}}}}}
---
apiVersion: flowscale.ai/v1
kind: GpuType
metadata: {{name: PRICED}}
spec: {{memory: 1Gi, price: $3.60/h}}
---
apiVersion: flowscale.ai/v1
kind: WorkflowDeployment
metadata: {{name: echo}}
spec:
  workflow: echo
  gpu: PRICED
  budget: all
  cache: {{enabled: false}}
  limits: {{attempts: 10, queue: 100000, timeout: 60s, concurrency: 1000}}
  webhooks: [{{url: "{hook}", events: [run.completed, run.cancelled]}}]
---
apiVersion: flowscale.ai/v1
kind: Budget
metadata: {{name: all}}
spec: {{limit: $20/month}}
"""
ECHO = {
    "1": {"class_type": "PrimitiveString", "inputs": {"value": "x"}},
    "2": {"class_type": "FSSaveText", "inputs": {"text": ["1", 0], "filename_prefix": "said", "label": ""}},
}


class Hook:
    """An endpoint that counts what it is told, and refuses now and then."""

    def __init__(self):
        self.told = Counter()
        self._numbers = itertools.count()

    async def __call__(self, scope, receive, send):
        body = b""
        while (message := await receive()).get("more_body") or message["type"] == "http.request":
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        status = 503 if next(self._numbers) % 50 == 7 else 200
        if status == 200:
            self.told[httpx.Response(200, content=body).json()["data"]["run_id"]] += 1
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    @asynccontextmanager
    async def listening(self):
        config = uvicorn.Config(self, port=0, lifespan="off", log_config=None)
        server = uvicorn.Server(config)
        socket = config.bind_socket()
        task = asyncio.create_task(server.serve(sockets=[socket]))
        try:
            yield f"http://127.0.0.1:{socket.getsockname()[1]}/hook"
        finally:
            server.should_exit = True
            await task
            socket.close()


class Caller:
    """Submits as a careful client does: with a key, at any gateway, again until there is an answer."""

    def __init__(self, ships, gateways):
        self.ships, self.gateways, self.chance = ships, gateways, random.Random(3)
        self.client = httpx.AsyncClient(headers={"X-API-KEY": "fs_the-owner-of-these-tests"}, timeout=20)
        self.asked, self.refused = 0, 0
        self.cancelled = set()

    async def ask(self, method, path, **rest):
        while True:
            name = self.chance.choice(self.gateways)
            if name in self.ships.processes:
                self.ships.check(name)
            url = self.ships.url(name)
            with suppress(httpx.TransportError):
                if url:
                    self.asked += 1
                    reply = await self.client.request(method, url + path, **rest)
                    if reply.status_code not in (402, 500, 503):
                        return reply
                    self.refused += reply.status_code == 402
            await asyncio.sleep(0.1)

    async def submit(self, number):
        headers = {"Idempotency-Key": f"run-{number}"}
        reply = await self.ask("POST", "/api/v1/runs", data={"text": word(number)}, headers=headers)
        assert reply.status_code == 200, reply.text
        run_id = reply.json()["data"]["run_id"]
        if number % REGRETTED == 5 and number > 0:
            gone = await self.ask("POST", f"/api/v1/runs/{run_id}/cancel")
            assert gone.status_code in (200, 409), gone.text
            if gone.status_code == 200:
                self.cancelled.add(run_id)
        return run_id

    async def outcome(self, run_id):
        """How a run ended, and the hash of what it gave."""
        while True:
            run = (await self.ask("GET", f"/api/v1/runs/{run_id}")).json()["data"]
            if run["status"] not in ("queued", "running"):
                break
            await asyncio.sleep(0.2)
        hashes = []
        for output in run["outputs"]:
            path = "/" + output["url"].split("/", 3)[3]
            content = (await self.ask("GET", path)).content
            hashes.append(hashlib.sha256(content).hexdigest())
        return run["status"], hashes


def word(number):
    return f"word {number % WORDS}"


async def each(numbers, job, at_once=16):
    """Does a job for each number, some at once; answers by number."""
    found, numbers = {}, iter(numbers)

    async def loop():
        for number in numbers:
            found[number] = await job(number)

    await asyncio.gather(*(loop() for _ in range(at_once)))
    return found


async def rows(url, query):
    async with await psycopg.AsyncConnection.connect(url) as connection:
        return await (await connection.execute(query)).fetchall()


async def check(ships, caller, hook, accepted, wanted):
    """All that must hold when everything has ended; answers with the counts."""
    url = ships.environment["FLOWSCALE_DATABASE"]
    found = await each(accepted, lambda number: caller.outcome(accepted[number]))
    regretted = {number for number in accepted if found[number][0] == "cancelled"}
    assert {accepted[number] for number in regretted} >= caller.cancelled
    assert all(number % REGRETTED == 5 for number in regretted)
    right = {
        number: ("cancelled", []) if number in regretted else ("completed", wanted[word(number)])
        for number in accepted
    }
    assert found == right
    ends = "('completed','failed','cancelled','timed_out')"
    terminal = Counter(run for (run,) in await rows(url, f"SELECT run_id FROM events WHERE type IN {ends}"))
    outputs = Counter(run for (run,) in await rows(url, "SELECT run_id FROM run_outputs"))
    assert set(terminal) == set(accepted.values())
    assert set(outputs) == {run for number, run in accepted.items() if number not in regretted}
    assert set(terminal.values()) == set(outputs.values()) == {1}
    [(spent, reserved, cost, beyond)] = await rows(
        url,
        "SELECT max(spent), max(reserved), (SELECT sum(cost) FROM runs),"
        " (SELECT count(*) FROM runs WHERE cost > reserved) FROM balances",
    )
    assert (spent, reserved, beyond) == (cost, 0, 0)
    while set(hook.told) != set(accepted.values()):
        await rows(url, "UPDATE outbox SET next_at = 0 WHERE state = 'pending' RETURNING 1")
        await asyncio.sleep(0.5)
    [(attempts,)] = await rows(url, "SELECT count(*) FROM attempts")
    return {
        "runs": len(accepted),
        "lost": len(set(accepted.values()) - set(terminal)),
        "ended twice": sum(count > 1 for count in terminal.values()),
        "cancelled": len(regretted),
        "cancelled that ended otherwise": len(caller.cancelled - {accepted[number] for number in regretted}),
        "attempts": attempts,
        "requests": caller.asked,
        "refused for the budget": caller.refused,
        "cost more than reserved": beyond,
        "webhooks": sum(hook.told.values()),
        "webhooks repeated": sum(hook.told.values()) - len(hook.told),
        "webhooks missing": len(set(accepted.values()) - set(hook.told)),
        "reserved at the end": reserved,
    }


async def watch_budget(url, passed):
    """Looks again and again whether more is spent and set aside than the budget holds."""
    while True:
        with suppress(psycopg.OperationalError):  # the server is down just now
            for (held,) in await rows(url, "SELECT spent + reserved FROM balances"):
                passed.append(held)
        await asyncio.sleep(0.2)


@pytest.fixture
def servers(tmp_path, free_port):
    with postgres(free_port()) as database, s3(tmp_path, free_port()) as bucket:
        yield database, bucket


@asynccontextmanager
async def afloat(tmp_path, servers, gateways, workers):
    """A fleet at work, its hook, and a caller."""
    hook = Hook()
    async with hook.listening() as url:
        with fleet(tmp_path, *servers, "echo", SPEC.format(hook=url), echo=ECHO) as ships:
            for name in gateways:
                ships.gateway(name, "--allow-private-urls")
            for name in workers:
                ships.worker(name)
            for name in gateways:
                async with ships.client(name):  # the first start makes tables and keys
                    pass
            caller = Caller(ships, gateways)
            try:
                yield ships, hook, caller
            finally:
                await caller.client.aclose()


async def reference(caller):
    """What each word gives without a fault."""
    runs = await each(range(WORDS), lambda number: caller.submit(-1 - number))
    found = {word(-1 - number): await caller.outcome(run) for number, run in runs.items()}
    assert {status for status, _ in found.values()} == {"completed"}
    return {text: hashes for text, (_, hashes) in found.items()}, {-1 - n: run for n, run in runs.items()}


@pytest.mark.timeout(3600)
async def test_processes_that_are_killed_at_random_moments_lose_and_double_nothing(
    tmp_path, servers, capsys, request
):
    whole = request.config.getoption("--slow") == "all"
    count = MANY if whole and not os.environ.get("FLOWSCALE_FAULTS_FEW") else SOME * 5
    gateways, workers = ["gateway-1", "gateway-2"], ["worker-1", "worker-2"]
    async with afloat(tmp_path, servers, gateways, workers) as (ships, hook, caller):
        wanted, accepted = await reference(caller)
        held = []
        watching = asyncio.create_task(watch_budget(ships.environment["FLOWSCALE_DATABASE"], held))
        feeding = asyncio.create_task(each(range(count), caller.submit))
        kills = await havoc(ships, servers, gateways, workers, feeding)
        accepted |= await feeding
        counts = await check(ships, caller, hook, accepted, wanted)
        assert not watching.done()
        watching.cancel()
    counts["most held by the budget"] = max(held)
    with capsys.disabled():
        sys.stdout.write(f"\n{counts | {'kills': dict(kills)}}\n")
    assert 0 < max(held) <= LIMIT


async def havoc(ships, servers, gateways, workers, feeding):
    """Kills something again and again until all is submitted; what was killed starts again."""
    chance, kills = random.Random(11), Counter()
    database, bucket = servers
    while not feeding.done() or kills.total() < 8:
        await asyncio.sleep(chance.uniform(0.3, 2.0))
        victim = chance.choice([*gateways, *workers, *workers, "postgres", "s3"])
        kills[victim.rstrip("-12")] += 1
        if victim == "postgres":
            await asyncio.to_thread(database.kill)
            await asyncio.to_thread(database.start)
        elif victim == "s3":
            bucket.kill()
            await asyncio.to_thread(bucket.start)
        else:
            await asyncio.to_thread(ships.kill, victim)
            start = ships.gateway if victim in gateways else ships.worker
            start(victim, *(["--allow-private-urls"] if victim in gateways else []))
    return kills


@pytest.mark.timeout(900)
@pytest.mark.parametrize("step", STEPS)
async def test_a_process_that_dies_at_a_step_loses_and_doubles_nothing(tmp_path, servers, step):
    async with afloat(tmp_path, servers, ["gateway"], []) as (ships, hook, caller):
        kind = STEPS[step]
        options = ["--allow-private-urls"] if kind == "gateway" else []
        if kind == "gateway":
            ships.kill("gateway")
        ships.program = (sys.executable, HERE / "process.py", step, "9" if step == "commit" else "3")
        getattr(ships, kind)(kind, *options)
        ships.program = type(ships).program
        if kind == "gateway":
            ships.worker()
        feeding = asyncio.create_task(each(range(SOME), caller.submit, at_once=4))
        died = await asyncio.to_thread(ships.processes[kind].wait, 300)
        assert died == -signal.SIGKILL
        getattr(ships, kind)(kind, *options)
        accepted = await feeding
        wanted, more = await reference(caller)
        await check(ships, caller, hook, accepted | more, wanted)
