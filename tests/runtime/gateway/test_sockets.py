"""Following runs over a WebSocket, and the tokens that pages use for it."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from starlette.requests import Request
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from flowscale_runtime.gateway.sockets import WAITING, Connection
from flowscale_runtime.stores import keys


@pytest.fixture
async def socket(server, kit):
    """Opens a WebSocket to the server, with the owner's key unless told otherwise."""
    async with kit.listening(server.app) as url:

        @asynccontextmanager
        async def open_(headers=None, query=""):
            headers = server.as_(server.owner) if headers is None else headers
            target = url.replace("http", "ws") + "/api/v1/ws" + query
            async with connect(target, additional_headers=headers, proxy=None) as opened:
                yield opened

        yield open_


async def say(socket, action, run_id=None):
    data = {"action": action} | ({"runId": run_id} if run_id else {})
    await socket.send(json.dumps({"type": "client_event", "data": data}))


async def hear(socket):
    async with asyncio.timeout(10):
        message = json.loads(await socket.recv())
    return message["type"], message["data"]


async def test_a_subscriber_hears_a_run_from_now_to_its_end(server, socket):
    run_id = (await server.submit())["run_id"]
    async with socket() as client:
        await say(client, "subscribe", run_id)
        kind, data = await hear(client)
        assert (kind, data["run_id"], data["status"], data["progress"]) == (
            "run_status_update",
            run_id,
            "queued",
            0.0,
        )
        [claimed] = await server.claim()
        kind, data = await hear(client)
        assert (kind, data["status"]) == ("run_status_update", "running")
        server.state.bus.progress(run_id, 40.0, {"node_id": "3"})
        assert await hear(client) == (
            "run_progress",
            {"run_id": run_id, "status": "running", "progress": 40.0, "node_id": "3"},
        )
        server.state.bus.preview(run_id, b"x", "image/png", "3")
        kind, data = await hear(client)
        assert (kind, data["progress"], data["preview"]) == (
            "run_progress",
            40.0,
            "data:image/png;base64,eA==",
        )
        await server.finish(claimed)
        kind, data = await hear(client)
        assert (kind, data["status"], len(data["outputs"])) == ("run_status_update", "completed", 2)


async def test_a_run_that_has_ended_is_told_once(server, socket):
    run = await server.run()
    async with socket() as client:
        await say(client, "subscribe", run["run_id"])
        _, data = await hear(client)
        assert {**data, "outputs": None} == {**run, "outputs": None}
        assert [output["filename"] for output in data["outputs"]] == [
            output["filename"] for output in run["outputs"]
        ]
        await say(client, "ping")
        assert await hear(client) == ("pong", {})


async def test_several_runs_are_followed_and_left(server, socket):
    first, second = (await server.submit())["run_id"], (await server.submit())["run_id"]
    async with socket() as client:
        for run_id in (first, second):
            await say(client, "subscribe", run_id)
            assert (await hear(client))[1]["run_id"] == run_id
        await say(client, "unsubscribe", first)
        await say(client, "ping")
        await hear(client)
        await server.claim(2)
        assert (await hear(client))[1]["run_id"] == second
        await say(client, "ping")
        assert (await hear(client))[0] == "pong"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[]",
        "{}",
        '{"data": 1}',
        '{"data": {"action": "fly", "runId": "a"}}',
        '{"data": {"action": "subscribe", "runId": 5}}',
    ],
)
async def test_messages_that_make_no_sense_are_answered_and_the_line_stays(server, socket, text):
    async with socket() as client:
        await client.send(text)
        kind, data = await hear(client)
        assert (kind, data["code"]) == ("error", "BAD_REQUEST")
        await say(client, "ping")
        assert (await hear(client))[0] == "pong"


async def test_a_run_that_is_not_there_is_an_error(server, socket):
    async with socket() as client:
        await say(client, "subscribe", "nothing")
        assert (await hear(client))[1]["code"] == "NOT_FOUND"


@pytest.mark.parametrize("headers", [{}, {"x-api-key": "wrong"}])
async def test_without_a_key_the_line_is_closed_with_a_reason(server, socket, headers):
    async with socket(headers) as client:
        assert (await hear(client))[1]["code"] == "UNAUTHENTICATED"
        with pytest.raises(ConnectionClosed) as closed:
            await hear(client)
    assert closed.value.rcvd.code == 4401


async def test_nothing_is_left_behind_when_a_client_leaves(server, socket):
    run_id = (await server.submit())["run_id"]
    async with socket() as client:
        await say(client, "subscribe", run_id)
        await hear(client)
    for _ in range(200):
        if not server.state.bus._followers:
            break
        await asyncio.sleep(0.01)
    assert not server.state.bus._followers


async def test_a_client_that_does_not_read_costs_a_bounded_queue(server):
    run_id = (await server.submit())["run_id"]
    await server.claim()
    connection = Connection(None, server.state, await _principal(server))
    connection._messages = lambda run: _flood(server, run)
    await connection._subscribe(run_id)
    for _ in range(20):
        await asyncio.sleep(0)
    assert connection._queue.qsize() == WAITING
    await connection._unsubscribe(run_id)


async def test_tokens_stand_for_the_key_in_a_query(server, socket):
    run = await server.run()
    token = (await server.client.post("/api/v1/tokens")).json()["data"]["token"]
    async with socket({}, f"?token={token}") as client:
        await say(client, "subscribe", run["run_id"])
        assert (await hear(client))[1]["status"] == "completed"
    path = f"/api/v1/runs/{run['run_id']}/events"
    assert (
        await server.client.get(path, params={"token": token}, headers=server.as_(None))
    ).status_code == 200
    bearer = {"authorization": f"Bearer {token}", **server.as_(None)}
    assert (await server.client.get("/api/v1/runs", headers=bearer)).status_code == 200


async def test_a_token_has_no_more_than_it_asked_for_and_not_for_long(server):
    reply = await server.client.post("/api/v1/tokens", json={"expires_in": 60})
    headers = {"authorization": f"Bearer {reply.json()['data']['token']}", "x-api-key": ""}
    execute = await server.client.post("/api/v1/runs", headers=headers)
    renew = await server.client.post("/api/v1/tokens", headers=headers)
    assert [execute.status_code, renew.status_code] == [403, 403]
    server.clock.ahead = 61
    assert (await server.client.get("/api/v1/runs", headers=headers)).status_code == 401


async def test_a_token_ends_with_its_key(server):
    key = await server.key("viewer")
    token = (await server.client.post("/api/v1/tokens", headers=server.as_(key))).json()["data"]["token"]
    headers = {"authorization": f"Bearer {token}", "x-api-key": ""}
    assert (await server.client.get("/api/v1/runs", headers=headers)).status_code == 200
    found = await server.state.database.read(keys.find, keys.digest(key))
    await server.state.database.write(keys.revoke, found.project, found.id, server.clock())
    server.clock.ahead = 3
    assert (await server.client.get("/api/v1/runs", headers=headers)).status_code == 401


async def test_a_token_never_has_more_rights_than_its_key(server):
    key = await server.key("viewer", deployments=["words"])
    for wanted in ({"scopes": ["runs:execute"]}, {"deployments": ["other"]}, {"scopes": ["admin"]}):
        reply = await server.client.post("/api/v1/tokens", json=wanted, headers=server.as_(key))
        assert (reply.status_code, reply.json()["error"]["code"]) == (403, "FORBIDDEN")


async def test_keys_and_tokens_are_not_taken_from_the_query_of_a_post(server):
    token = (await server.client.post("/api/v1/tokens", json={"scopes": ["runs:execute"]})).json()["data"][
        "token"
    ]
    for given in (server.owner, token):
        reply = await server.client.post("/api/v1/runs", params={"token": given}, headers=server.as_(None))
        assert reply.status_code == 401
    assert (
        await server.client.get("/api/v1/runs", params={"token": server.owner}, headers=server.as_(None))
    ).status_code == 401


async def _principal(server):
    request = Request(
        {"type": "http", "headers": [(b"x-api-key", server.owner.encode())], "query_string": b""}
    )
    return await server.state.gate.principal(request)


async def _flood(server, run_id):
    for number in range(1000):
        yield str(number)
