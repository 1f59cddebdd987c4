"""Server-sent events: in order, each durable one once, resumable."""

import asyncio
import json

import httpx
import pytest

RUNS = "/api/v1/runs"


def frames(text):
    """(id, event, data) of each frame; pings are comments."""
    found = []
    for block in text.replace("\r\n", "\n").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if line and not line.startswith(":"))
        if fields:
            found.append((fields.get("id"), fields["event"], json.loads(fields["data"])))
    return found


async def test_a_finished_run_tells_its_whole_story(server):
    run = await server.run()
    reply = await server.client.get(f"{RUNS}/{run['run_id']}/events")
    assert reply.headers["content-type"].startswith("text/event-stream")
    told = frames(reply.text)
    assert [(id_, kind) for id_, kind, _ in told] == [
        ("1", "queued"),
        ("2", "started"),
        ("3", "output"),
        ("4", "output"),
        ("5", "completed"),
    ]
    assert told[-1][2]["run_id"] == run["run_id"]
    assert told[2][2]["filename"] == run["outputs"][0]["filename"]


@pytest.mark.parametrize(
    ("last", "left"), [("2", ["output", "output", "completed"]), ("5", []), ("999999", []), ("9" * 11, [])]
)
async def test_last_event_id_resumes_after_an_event(server, last, left):
    run = await server.run()
    path = f"{RUNS}/{run['run_id']}/events"
    by_header = await server.client.get(path, headers={"last-event-id": last})
    by_query = await server.client.get(path, params={"last_event_id": last})
    assert [kind for _, kind, _ in frames(by_header.text)] == left
    assert by_query.text == by_header.text


@pytest.mark.parametrize("last", ["x", "-1", "9" * 5000])
async def test_ids_that_no_event_has_are_refused(server, last):
    run = await server.submit()
    reply = await server.client.get(f"{RUNS}/{run['run_id']}/events", headers={"last-event-id": last})
    assert (reply.status_code, reply.json()["error"]["details"]["field"]) == (400, "Last-Event-ID")


async def test_a_listener_that_promises_too_much_still_hears_the_end(server):
    run = await server.submit()
    path = f"{RUNS}/{run['run_id']}/events"
    listening = asyncio.create_task(server.client.get(path, headers={"last-event-id": "77"}))
    while run["run_id"] not in server.state.bus.followed():
        await asyncio.sleep(0.01)
    await server.finish((await server.claim())[0])
    assert [kind for _, kind, _ in frames((await listening).text)] == [
        "started",
        "output",
        "output",
        "completed",
    ]


@pytest.fixture
async def line(server, kit):
    """Opens the event stream of a run over a real connection."""
    async with (
        kit.listening(server.app) as url,
        httpx.AsyncClient(headers=server.as_(server.owner)) as client,
    ):
        yield lambda run_id: client.stream("GET", f"{url}{RUNS}/{run_id}/events")


async def test_events_arrive_while_a_run_computes(server, line):
    run_id, seen = (await server.submit())["run_id"], []
    async with line(run_id) as reply:
        lines = reply.aiter_lines()

        async def until(kind):
            async for text in lines:
                if text.startswith("event: "):
                    seen.append(text.removeprefix("event: "))
                if text == f"event: {kind}":
                    return

        await until("queued")
        [claimed] = await server.claim()
        await until("started")
        server.state.bus.progress(run_id, 50.0, {"node_id": "3"})
        await until("progress")
        server.state.bus.preview(run_id, b"picture", "image/png", "3")
        await until("preview")
        await server.finish(claimed)
        await until("completed")
        assert [text async for text in lines if text.startswith("event:")] == []
    assert seen == ["queued", "started", "progress", "preview", "output", "output", "completed"]


async def test_a_listener_that_leaves_is_forgotten(server, line):
    async with line((await server.submit())["run_id"]) as reply:
        await anext(reply.aiter_lines())
        assert len(server.state.bus._followers) == 1
    for _ in range(200):
        if not server.state.bus._followers:
            break
        await asyncio.sleep(0.01)
    assert not server.state.bus._followers


async def test_events_of_an_unknown_run_are_404(server):
    assert (await server.client.get(f"{RUNS}/nothing/events")).status_code == 404
