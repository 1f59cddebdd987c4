"""Webhooks against a real receiver, verified by the unmodified standardwebhooks package."""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from flowscale_runtime.gateway import webhooks
from flowscale_runtime.gateway.webhooks import Deliveries, delay, tell_updates
from flowscale_runtime.secrets import SecretMissing, Secrets, variable
from flowscale_runtime.stores import outbox
from flowscale_runtime.stores.outcomes import problem
from flowscale_runtime.stores.values import SECOND, Outcome

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


class Receiver:
    """An endpoint: answers with the given statuses in turn, then with 200, and keeps what came."""

    def __init__(self):
        self.statuses, self.headers, self.came, self.arrived = [], [], [], asyncio.Event()

    async def __call__(self, scope, receive, send):
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.came.append(({name.decode(): value.decode() for name, value in scope["headers"]}, body))
        self.arrived.set()
        status = self.statuses.pop(0) if self.statuses else 200
        await send({"type": "http.response.start", "status": status, "headers": self.headers})
        await send({"type": "http.response.body", "body": b""})

    async def wait(self, count):
        async with asyncio.timeout(10):
            while len(self.came) < count:
                self.arrived.clear()
                await self.arrived.wait()


@pytest.fixture
def receiver():
    return Receiver()


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(webhooks, "PAUSE", 0.001)


@pytest.fixture
def told(server, kit, receiver, tmp_path):
    """Serves a deployment that tells the receiver, with deliveries on their way."""

    @asynccontextmanager
    async def start(*, private=True, secret=True, secrets=SECRET, **hook):
        folder = tmp_path / "secrets"
        environment = {"HOOKS_STUDIO": secrets} if secrets else {}
        deliveries = Deliveries(
            server.state.database,
            server.state.bus,
            Secrets(folder, environment),
            server.clock,
            private=private,
            chance=lambda: 0.5,
        )
        async with kit.listening(receiver) as url:
            declared = {"url": f"{url}/hook", **hook} | (
                {"secret": {"secret": "hooks/studio"}} if secret else {}
            )
            await server.serve(kit.WORKFLOW, kit.deployment("words", webhooks=[declared]))
            task = asyncio.create_task(deliveries.run())
            try:
                yield deliveries
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    return start


async def rows(server, *, state=None, tries=None):
    """The deliveries once the newest one has this state and so many tries."""
    async with asyncio.timeout(10):
        while True:
            found = await server.state.database.read(outbox.deliveries, "default", None)
            if (
                found
                and (state is None or found[0].state == state)
                and (tries is None or found[0].tries == tries)
            ):
                return found
            await asyncio.sleep(0.005)


async def test_the_end_of_a_run_is_posted_and_verifies(server, told, receiver):
    async with told():
        run = await server.run()
        await receiver.wait(1)
        await rows(server, state="delivered")
    headers, body = receiver.came[0]
    said = Webhook(SECRET).verify(body, headers)
    assert said["event_type"] == "run.completed"
    assert (said["data"]["run_id"], said["data"]["status"]) == (run["run_id"], "completed")
    assert isinstance(said["timestamp"], float)
    assert headers["content-type"] == "application/json"
    assert headers["host"].startswith("127.0.0.1:")
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body.replace(b"completed", b"failed"), headers)


@pytest.mark.parametrize(
    ("outcome", "event", "code"),
    [
        (Outcome("failed", 0.1, error=problem("NODE_FAILED", "It broke.")), "run.failed", "NODE_FAILED"),
        (Outcome("timed_out", 9.0, error=problem("TIMEOUT", "Too long.")), "run.failed", "TIMEOUT"),
    ],
)
async def test_failures_and_time_outs_are_told_as_failed(server, told, receiver, outcome, event, code):
    async with told():
        await server.run(outcome)
        await receiver.wait(1)
    said = json.loads(receiver.came[0][1])
    assert (said["event_type"], said["data"]["error"]["code"]) == (event, code)


async def test_a_cancelled_run_is_told(server, told, receiver):
    async with told():
        run = await server.submit()
        await server.client.delete(f"/api/v1/runs/{run['run_id']}")
        await receiver.wait(1)
    assert json.loads(receiver.came[0][1])["event_type"] == "run.cancelled"


async def test_only_subscribed_events_are_told(server, told, receiver):
    async with told(events=["run.failed"]):
        await server.run()
        await server.run(Outcome("failed", 0.1, error=problem("NODE_FAILED", "It broke.")))
        await receiver.wait(1)
    assert [json.loads(body)["event_type"] for _, body in receiver.came] == ["run.failed"]


async def test_a_caller_may_name_a_url_of_its_own(server, told, receiver, kit):
    own = Receiver()
    async with told(), kit.listening(own) as url:
        await server.client.post("/api/v1/runs", params={"webhook": f"{url}/mine"})
        await server.finish((await server.claim())[0])
        await own.wait(1)
        await receiver.wait(1)
    assert "webhook-signature" not in own.came[0][0]
    assert "webhook-signature" in receiver.came[0][0]


async def test_a_delivery_belongs_to_the_trace_of_its_run(server, told, receiver):
    context = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    async with told():
        await server.client.post("/api/v1/runs", headers={"traceparent": context})
        await server.finish((await server.claim())[0])
        await server.run()
        await receiver.wait(2)
    assert [headers.get("traceparent") for headers, _ in receiver.came] == [context, None]


async def test_two_secrets_sign_while_they_are_rotated(server, told, receiver):
    async with told(secrets=f"{OTHER}\n{SECRET}"):
        await server.run()
        await receiver.wait(1)
    headers, body = receiver.came[0]
    for secret in (SECRET, OTHER):
        assert Webhook(secret).verify(body, headers)["event_type"] == "run.completed"


async def test_a_declared_secret_that_is_missing_sends_nothing_unsigned(server, told, receiver):
    async with told(secrets=None):
        await server.run()
        [row] = await rows(server, tries=1)
    assert receiver.came == []
    assert row.state == "pending"
    assert "HOOKS_STUDIO" in row.last_error


async def test_what_is_not_taken_is_sent_again_with_the_same_id(server, told, receiver):
    receiver.statuses = [500, 302]
    async with told() as deliveries:
        await server.run()
        [row] = await rows(server, tries=1)
        assert row.last_error == "it answered 500"
        assert 0 < row.next_at - server.clock() <= 5 * SECOND
        for tries in (2, 3):
            server.clock.ahead += 60
            deliveries.wake()
            await rows(server, tries=tries)
        [row] = await rows(server, state="delivered")
    assert len({headers["webhook-id"] for headers, _ in receiver.came}) == 1
    assert len({body for _, body in receiver.came}) == 1
    assert int(receiver.came[-1][0]["webhook-timestamp"]) >= server.clock() // SECOND - 5


async def test_twelve_tries_make_a_dead_letter_that_can_be_sent_again(server, told, receiver):
    receiver.statuses = [503] * 12
    async with told() as deliveries:
        await server.run()
        for tries in range(1, 12):
            await rows(server, tries=tries)
            server.clock.ahead += 4000
            deliveries.wake()
        [row] = await rows(server, state="dead")
        assert (row.tries, len(receiver.came)) == (12, 12)
        listed = (await server.client.get("/api/v1/webhooks/dead-letters")).json()["data"]["deliveries"]
        assert [(entry["id"], entry["status"], entry["tries"]) for entry in listed] == [(row.id, "dead", 12)]
        reply = await server.client.post(f"/api/v1/webhooks/deliveries/{row.id}/replay")
        assert reply.status_code == 200
        assert server.delivering.is_set()
        deliveries.wake()
        await rows(server, state="delivered")
    assert receiver.came[12][0]["webhook-id"] == row.id


async def test_gone_is_final(server, told, receiver):
    receiver.statuses = [410]
    async with told():
        await server.run()
        [row] = await rows(server, state="dead")
    assert row.last_error == "it answered 410"


async def test_retry_after_is_honoured(server, told, receiver):
    receiver.statuses, receiver.headers = [429], [(b"retry-after", b"120")]
    async with told():
        await server.run()
        [row] = await rows(server, tries=1)
    assert 110 * SECOND < row.next_at - server.clock() <= 120 * SECOND


async def test_private_addresses_are_not_posted_to_unless_allowed(server, told, receiver):
    async with told(private=False):
        await server.run()
        [row] = await rows(server, tries=1)
    assert receiver.came == []
    assert "not a public address" in row.last_error


async def test_what_waited_while_nothing_ran_is_sent_at_the_start(server, told, receiver, kit):
    own = Receiver()
    async with kit.listening(own) as url:
        hooks = [{"url": url}]
        await server.state.database.write(
            outbox.announce, "default", hooks, "run.completed", {}, server.clock()
        )
        async with told():
            await own.wait(1)
    assert json.loads(own.came[0][1])["event_type"] == "run.completed"


async def test_many_runs_are_told_once_each(server, told, receiver):
    async with told():
        runs = [await server.run(prompt=str(number)) for number in range(20)]
        await receiver.wait(20)
        await asyncio.sleep(0.05)
    told_of = [json.loads(body)["data"]["run_id"] for _, body in receiver.came]
    assert sorted(told_of) == sorted(run["run_id"] for run in runs)


async def test_gateways_beside_each_other_send_a_delivery_once(server, told, receiver):
    async with told() as one, told() as other:
        run = await server.run()
        one.wake()
        other.wake()
        await receiver.wait(1)
        await asyncio.sleep(0.2)
    assert [json.loads(body)["data"]["run_id"] for _, body in receiver.came] == [run["run_id"]]


async def test_a_delivery_whose_gateway_died_is_free_again_after_a_while(server):
    hooks, clock, database = [{"url": "http://a.example"}], server.clock, server.state.database
    await database.write(outbox.announce, "default", hooks, "run.completed", {}, clock())
    terms = (10 * SECOND, {}, 8, 4)
    [taken] = await database.write(outbox.take, clock(), *terms)
    assert await database.write(outbox.take, clock(), *terms) == []
    clock.ahead += 11
    assert [row.id for row in await database.write(outbox.take, clock(), *terms)] == [taken.id]
    await database.write(outbox.put_back, [taken.id], clock())
    assert len(await database.write(outbox.take, clock(), *terms)) == 1


async def test_changed_weights_are_told_as_deployment_updated(server, told, receiver):
    async with told(events=["deployment.updated"]) as deliveries:
        before = server.state.served.catalog
        spec = before.deployments["words"]
        moved = replace(spec, versions=(replace(spec.versions[0], version="2.0.0"),))
        after = replace(before, deployments={"words": moved})
        await tell_updates(server.state.database, before, before, server.clock())
        await tell_updates(server.state.database, before, after, server.clock())
        deliveries.wake()
        await receiver.wait(1)
    said = json.loads(receiver.came[0][1])
    assert (said["event_type"], said["data"]["releases"][0]["version"]) == ("deployment.updated", "2.0.0")
    assert len(receiver.came) == 1


def test_waits_double_from_five_seconds_to_an_hour_with_jitter():
    assert [delay(tries, 0.5) // SECOND for tries in range(1, 13)] == [
        *(5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600)
    ]
    assert (delay(1, 0.0), delay(1, 1.0)) == (4 * SECOND, 6 * SECOND)


def test_secrets_come_from_the_environment_or_a_file_that_only_we_read(tmp_path):
    assert variable("hooks/studio-a") == "HOOKS_STUDIO_A"
    assert Secrets(tmp_path, {"HOOKS_STUDIO": "a"}).get("hooks/studio") == "a"
    path = tmp_path / "HOOKS_STUDIO"
    path.write_text("b\n")
    path.chmod(0o600)
    assert Secrets(tmp_path, {}).get("hooks/studio") == "b"
    path.chmod(0o644)
    with pytest.raises(SecretMissing, match="chmod 600"):
        Secrets(tmp_path, {}).get("hooks/studio")
    with pytest.raises(SecretMissing, match="OTHER_KEY"):
        Secrets(tmp_path, {}).get("other/key")
