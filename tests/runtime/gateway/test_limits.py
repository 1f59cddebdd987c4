"""What a deployment bounds: queue, rate, body, addresses, money, signatures."""

import hashlib
import hmac
import time

import httpx
import pytest

from flowscale_runtime.stores.values import Outcome

RUNS = "/api/v1/runs"
BUDGET = """
apiVersion: flowscale.ai/v1
kind: Budget
metadata: {name: studio}
spec: {limit: $0.50/month, alerts: [50%, 100%]}
"""


@pytest.fixture
def limited(server, kit):
    """Serves one deployment with these fields of its spec."""

    async def serve(*more, **spec):
        await server.serve(kit.WORKFLOW, kit.deployment("words", **spec), *more)
        return server

    return serve


def error(reply):
    return reply.status_code, reply.json()["error"]["code"]


async def test_a_full_queue_answers_429_with_retry_after(limited):
    server = await limited(limits={"queue": 2})
    await server.submit()
    await server.submit()
    reply = await server.client.post(RUNS)
    assert error(reply) == (429, "QUEUE_FULL")
    assert (int(reply.headers["retry-after"]), reply.json()["error"]["details"]["limit"]) == (5, 2)
    await server.claim()
    assert (await server.client.post(RUNS)).status_code == 200


async def test_the_rate_of_a_deployment_counts_each_key(limited):
    server = await limited(limits={"rate": "2/h"})
    other = await server.key("contributor")
    statuses = [(await server.client.post(RUNS)).status_code for _ in range(3)]
    refused = await server.client.post(RUNS)
    assert statuses == [200, 200, 429]
    assert error(refused) == (429, "RATE_LIMITED")
    assert 0 < int(refused.headers["retry-after"]) <= 3601
    assert (await server.client.post(RUNS, headers=server.as_(other))).status_code == 200


async def test_a_key_may_have_a_rate_of_its_own(server):
    key = await server.key("contributor", rate="1/h")
    statuses = [(await server.client.post(RUNS, headers=server.as_(key))).status_code for _ in range(2)]
    assert statuses == [200, 429]


async def test_a_body_above_the_limit_is_413_however_it_comes(limited):
    server = await limited(limits={"body": "1Ki"})

    async def pieces():
        for _ in range(20):
            yield b"x" * 100

    large = {"prompt": "x" * 2000}
    replies = [
        await server.client.post(RUNS, data=large),
        await server.client.post(RUNS, json=large),
        await server.client.post(RUNS, files={"prompt": ("a", b"x" * 2000)}),
        await server.client.post(RUNS, content=pieces(), headers={"content-type": "application/json"}),
    ]
    assert [error(reply) for reply in replies] == [(413, "BODY_TOO_LARGE")] * 4
    assert replies[0].json()["error"]["details"]["limit"] == 1024


async def test_a_fetched_input_above_the_limit_is_413(server, kit):
    async def endless(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(64):
            await send({"type": "http.response.body", "body": b"x" * 1024, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    await server.serve(kit.PHOTO_WORKFLOW, kit.deployment("photo", "photo", limits={"body": "4Ki"}))
    async with kit.listening(endless) as url:
        reply = await server.client.post(RUNS, data={"image": url})
    assert error(reply) == (413, "BODY_TOO_LARGE")


async def test_addresses_outside_the_list_are_refused(limited, kit):
    server = await limited(auth={"allowedAddresses": ["10.0.0.0/8"]})
    assert error(await server.client.post(RUNS)) == (403, "ADDRESS_NOT_ALLOWED")
    inside = httpx.ASGITransport(server.app, client=("10.1.2.3", 4))
    async with httpx.AsyncClient(transport=inside, base_url="http://flowscale.test") as client:
        assert (await client.post(RUNS, headers=server.as_(server.owner))).status_code == 200


async def test_a_budget_that_cannot_hold_the_run_answers_402_with_its_name(limited):
    server = await limited(
        BUDGET, gpu="L4", budget="studio", limits={"timeout": "30m", "attempts": 1, "queue": 5}
    )
    await server.submit()
    await server.submit(prompt="another")
    reply = await server.client.post(RUNS)
    assert error(reply) == (402, "BUDGET_EXCEEDED")
    details = reply.json()["error"]["details"]
    assert (details["budget"], details["limit"], details["left"], details["needed"]) == (
        "studio",
        0.5,
        0.0,
        0.25,
    )


async def test_what_a_run_did_not_use_is_free_again(limited):
    server = await limited(BUDGET, gpu="L4", budget="studio", limits={"timeout": "30m", "attempts": 1})
    run = await server.run()
    assert run["cost"] == pytest.approx(0.5 * 0.5 / 3600, abs=1e-6)
    await server.submit()
    assert (await server.client.post(RUNS)).status_code == 402


async def test_the_budget_of_a_key_counts_its_own_runs_alone(limited):
    of_key = "{apiVersion: flowscale.ai/v1, kind: Budget, metadata: {name: pocket}, spec: {limit: $0.25/month, scope: key, target: contributor}}"
    server = await limited(of_key, gpu="L4", limits={"timeout": "30m", "attempts": 1})
    pocket = server.as_(await server.key("contributor"))
    statuses = [(await server.client.post(RUNS, headers=pocket)).status_code for _ in range(2)]
    assert statuses == [200, 402]
    assert (await server.client.post(RUNS)).status_code == 200


async def test_the_soft_limit_of_a_budget_tells_once_and_refuses_nothing(limited):
    soft = BUDGET.replace("alerts: [50%, 100%]", "alerts: [], soft: $0.005")
    hook = [{"url": "https://example.com/hook", "events": ["budget.alert"]}]
    server = await limited(
        soft, gpu="L4", budget="studio", webhooks=hook, limits={"timeout": "1m", "attempts": 1}
    )
    for _ in range(3):
        await server.run(Outcome("completed", 40.0))
    sent = (await server.client.get("/api/v1/webhooks/deliveries")).json()["data"]["deliveries"]
    assert [delivery["event_type"] for delivery in sent] == ["budget.alert"]


@pytest.fixture
def signed():
    """Headers of a signed request, as the client library computes them."""

    def sign(key, method, target, body=b"", at=None, nonce=None):
        stamp = str(int(at if at is not None else time.time()))
        lines = [method, target, stamp, hashlib.sha256(body).hexdigest(), *([nonce] if nonce else [])]
        value = hmac.new(key.encode(), "\n".join(lines).encode(), hashlib.sha256).hexdigest()
        headers = {"x-flowscale-timestamp": stamp, "x-flowscale-signature": f"v1={value}"}
        return {**headers, "x-flowscale-nonce": nonce} if nonce else headers

    return sign


async def test_a_signed_request_is_taken_in_every_encoding(limited, signed):
    server = await limited(auth={"signed": True})
    for options in (
        {"data": {"prompt": "ä"}},
        {"json": {"prompt": "b"}},
        {"files": {"prompt": (None, "c")}},
        {},
    ):
        request = server.client.build_request("POST", f"{RUNS}?workflow_id=words", **options)
        body = await request.aread()
        request.headers.update(signed(server.owner, "POST", f"{RUNS}?workflow_id=words", body))
        assert (await server.client.send(request)).status_code == 200


async def test_a_request_that_is_unsigned_stale_or_changed_is_401(limited, signed):
    server = await limited(auth={"signed": True})
    body = b"prompt=a"
    form = {"content-type": "application/x-www-form-urlencoded"}
    wrong = [
        {},
        signed(server.owner, "POST", RUNS, body, at=time.time() - 400),
        signed(server.owner, "POST", RUNS, body, at=time.time() + 400),
        signed(server.owner, "POST", RUNS, b"prompt=b"),
        signed(server.owner, "PUT", RUNS, body),
        signed(server.owner, "POST", f"{RUNS}?wait=1", body),
        signed("another key", "POST", RUNS, body),
        {**signed(server.owner, "POST", RUNS, body), "x-flowscale-timestamp": "9" * 500},
        {**signed(server.owner, "POST", RUNS, body), "x-flowscale-timestamp": "soon"},
    ]
    for headers in wrong:
        reply = await server.client.post(RUNS, content=body, headers={**form, **headers})
        assert error(reply) == (401, "INVALID_SIGNATURE")
    assert (await server.client.get(RUNS)).json()["meta"]["total_count"] == 0


async def test_a_signature_is_taken_once_and_a_nonce_tells_equal_requests_apart(limited, signed):
    server = await limited(auth={"signed": True})
    plain, one, two = (signed(server.owner, "POST", RUNS, nonce=nonce) for nonce in (None, "1", "2"))
    statuses = [
        (await server.client.post(RUNS, headers=headers)).status_code for headers in (plain, one, two)
    ]
    assert statuses == [200, 200, 200]
    for again in (plain, one, two, {**one, "x-flowscale-nonce": "3"}):
        assert error(await server.client.post(RUNS, headers=again)) == (401, "INVALID_SIGNATURE")
    assert (await server.client.get(RUNS)).json()["meta"]["total_count"] == 3


async def test_what_changes_a_run_must_be_signed_and_reading_need_not(limited, signed):
    server = await limited(auth={"signed": True})
    run = (await server.client.post(RUNS, headers=signed(server.owner, "POST", RUNS))).json()["data"]
    path = f"{RUNS}/{run['run_id']}"
    assert (await server.client.get(path)).status_code == 200
    assert error(await server.client.delete(path)) == (401, "INVALID_SIGNATURE")
    assert (await server.client.delete(path, headers=signed(server.owner, "DELETE", path))).status_code == 200
