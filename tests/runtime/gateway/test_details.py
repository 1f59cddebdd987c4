"""Logs, timings, the archive of outputs, retries and feedback."""

import io
import zipfile

import pytest

from flowscale_runtime.stores import feedback, queue
from flowscale_runtime.stores.outcomes import problem
from flowscale_runtime.stores.values import Outcome

RUNS = "/api/v1/runs"


async def test_logs_tell_the_lines_of_every_attempt(server):
    submitted = await server.submit()
    [first] = await server.claim()
    await server.state.database.write(
        queue.give_back, first.run_id, first.fence, "it was killed", "half\n", 0, server.clock()
    )
    [second] = await server.claim()
    await server.finish(second)
    path = f"{RUNS}/{submitted['run_id']}/logs"
    reply = (await server.client.get(path)).json()
    assert reply["data"] == [
        {"attempt": 1, "message": "half"},
        {"attempt": 2, "message": "loaded"},
        {"attempt": 2, "message": "done"},
    ]
    assert [attempt["exit"] for attempt in reply["meta"]["attempts"]] == ["it was killed", "completed"]
    assert (await server.client.get(path, headers={"accept": "text/plain"})).text == "half\nloaded\ndone\n"


async def test_timings_are_seconds_by_node(server):
    run = await server.run()
    reply = (await server.client.get(f"{RUNS}/{run['run_id']}/timings")).json()
    assert reply["data"] == {"3": 0.25, "4": 0.25}
    assert reply["meta"]["computed"] == 0.5
    assert reply["meta"]["queued"] >= 0


async def test_a_run_that_waits_has_no_timings_and_no_log(server):
    run_id = (await server.submit())["run_id"]
    assert (await server.client.get(f"{RUNS}/{run_id}/timings")).json()["data"] == {}
    assert (await server.client.get(f"{RUNS}/{run_id}/logs")).json()["data"] == []


async def test_the_archive_holds_every_output(server):
    run = await server.run(server.gave(("3", b"one"), ("3", b"two" * 100_000), ("4", b"")))
    reply = await server.client.get(f"{RUNS}/{run['run_id']}/outputs.zip")
    assert reply.headers["content-type"] == "application/zip"
    assert int(reply.headers["content-length"]) == len(reply.content)
    with zipfile.ZipFile(io.BytesIO(reply.content)) as archive:
        assert archive.testzip() is None
        found = {name: archive.read(name) for name in archive.namelist()}
    assert found == dict(
        zip((output["filename"] for output in run["outputs"]), (b"one", b"two" * 100_000, b""), strict=True)
    )


async def test_the_archive_answers_as_a_single_output_does_before_the_end(server):
    failed = await server.run(Outcome("failed", 0.1, error=problem("NODE_FAILED", "It broke.")))
    run_id = (await server.submit())["run_id"]
    assert (await server.client.get(f"{RUNS}/{run_id}/outputs.zip")).status_code == 204
    await server.client.delete(f"{RUNS}/{run_id}")
    assert (await server.client.get(f"{RUNS}/{run_id}/outputs.zip")).status_code == 410
    assert (await server.client.get(f"{RUNS}/{failed['run_id']}/outputs.zip")).status_code == 410


async def test_a_retry_is_a_new_run_of_the_same_request(server):
    first = (
        await server.client.post(RUNS, json={"inputs": {"prompt": "a hare"}, "tags": ["x"], "group_id": "g"})
    ).json()["data"]
    await server.client.delete(f"{RUNS}/{first['run_id']}")
    again = (await server.client.post(f"{RUNS}/{first['run_id']}/retry")).json()["data"]
    run = (await server.client.get(f"{RUNS}/{again['run_id']}")).json()["data"]
    assert again["run_id"] != first["run_id"]
    assert (run["retry_of"], run["tags"], run["group_id"]) == (first["run_id"], ["x"], "g")
    assert run["inputs"][0]["value"] == "a hare"
    assert (run["status"], again["output_names"] != first["output_names"]) == ("queued", True)


async def test_a_retry_keeps_files_and_their_names(server, kit):
    await server.serve(kit.PHOTO_WORKFLOW, kit.deployment("photo", "photo"))
    first = await server.client.post(RUNS, files={"image": ("cat.png", kit.png(), "image/png")})
    again = await server.client.post(f"{RUNS}/{first.json()['data']['run_id']}/retry")
    run = (await server.client.get(f"{RUNS}/{again.json()['data']['run_id']}")).json()["data"]
    assert run["inputs"][0]["value"] == "cat.png"
    assert (await server.client.get(run["inputs"][0]["url"])).content == kit.png()


async def test_a_retry_of_a_deployment_that_is_gone_is_404(server, kit):
    run_id = (await server.submit())["run_id"]
    await server.serve(kit.WORKFLOW, kit.deployment("other", "words"))
    assert (await server.client.post(f"{RUNS}/{run_id}/retry")).status_code == 404


async def test_feedback_is_kept(server):
    run = await server.run()
    reply = await server.client.post(
        f"{RUNS}/{run['run_id']}/feedback", json={"score": 0.9, "comment": "sharp"}
    )
    assert reply.status_code == 200
    [row] = await server.state.database.read(feedback.of_run, run["run_id"])
    assert (row.score, row.comment) == (0.9, "sharp")


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "score"),
        ({"score": 2}, "score"),
        ({"score": "good"}, "score"),
        ({"score": 1, "stars": 5}, "stars"),
    ],
)
async def test_feedback_is_read_strictly(server, sent, field):
    run_id = (await server.submit())["run_id"]
    reply = await server.client.post(f"{RUNS}/{run_id}/feedback", json=sent)
    assert (reply.status_code, reply.json()["error"]["details"]["field"]) == (422, field)
