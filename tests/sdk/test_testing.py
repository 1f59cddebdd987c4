"""The fake server keeps to the wire contract, also for clients other than ours."""

import unittest

import httpx
import pytest

from flowscale import FlowScaleClient, FlowScaleRunFailedError
from flowscale.testing import FakeClock, FakeServer, FakeUpload, FlowScaleTestCase, MockFlowScaleClient, png


@pytest.fixture
def http():
    server = FakeServer(duration=4)
    with httpx.Client(
        transport=server, base_url="https://x/api/v1", headers={"X-API-KEY": "test-key"}
    ) as client:
        client.fake = server
        yield client


def test_an_answer_has_the_envelope(http):
    reply = http.post("/runs?workflow_id=demo", data={"text_6": "hello"}).json()
    assert reply["status"] == "success"
    assert {"run_id", "workflow_id", "output_names", "number", "node_errors", "status"} <= reply[
        "data"
    ].keys()


def test_an_error_has_both_shapes(http):
    reply = http.get("/runs/none")
    assert reply.status_code == 404
    body = reply.json()
    assert (body["status"], body["errors"], body["error"]["code"]) == (
        "error",
        ["There is no such thing."],
        "NOT_FOUND",
    )


def test_a_missing_key_is_refused_and_a_bearer_is_an_alias(http):
    assert http.get("/runs", headers={"X-API-KEY": ""}).status_code == 401
    assert http.get("/runs", headers={"X-API-KEY": "", "Authorization": "Bearer test-key"}).status_code == 200


@pytest.mark.parametrize(
    ("sent", "inputs"),
    [
        ({"data": {"text_6": "a&b", "n": ["1", "2"]}}, {"text_6": "a&b", "n": ["1", "2"]}),
        ({"json": {"text_6": "hello"}}, {"text_6": "hello"}),
        ({"json": {"inputs": {"text_6": "hello"}, "wait": 0}}, {"text_6": "hello"}),
        (
            {"files": {"image": ("image", b"bytes")}},
            {"image": FakeUpload("image", b"bytes", "application/octet-stream")},
        ),
        ({}, {}),
    ],
)
def test_every_encoding_of_a_submission_is_read(http, sent, inputs):
    run_id = http.post("/runs", **sent).json()["data"]["run_id"]
    assert http.fake.runs[run_id].inputs == inputs


def test_an_output_is_204_until_it_is_ready(http):
    name = http.post("/runs").json()["data"]["output_names"][0]
    assert (http.get("/runs/output", params={"filename": name}).status_code, name[-11]) == (204, "_")
    http.fake.clock.advance(4)
    url = http.get("/runs/output", params={"filename": f"{name}.png"}).json()["data"]["download_url"]
    assert http.get(url).content == png()


def test_waiting_moves_the_clock_no_further_than_the_run(http):
    assert http.post("/runs?wait=3").json()["data"]["status"] == "running"
    assert http.fake.clock.now() == 3
    assert http.post("/runs", headers={"Prefer": "wait=30"}).json()["data"]["status"] == "completed"
    assert http.fake.clock.now() == 7


def test_events_are_numbered_and_end(http):
    run_id = http.post("/runs").json()["data"]["run_id"]
    text = http.get(f"/runs/{run_id}/events").text
    assert [line for line in text.splitlines() if line.startswith("event")] == [
        f"event: {name}" for name in ("queued", "started", *["progress"] * 4, "output", "completed")
    ]
    assert http.get(f"/runs/{run_id}/events", headers={"Last-Event-ID": "7"}).text.startswith("id: 8\n")


def test_cancelling_works_once_by_either_route(http):
    for cancel in (lambda run: http.post(f"/runs/{run}/cancel"), lambda run: http.delete(f"/runs/{run}")):
        run_id = http.post("/runs").json()["data"]["run_id"]
        assert [cancel(run_id).status_code, cancel(run_id).status_code] == [200, 409]
        assert (
            http.get("/runs/output", params={"filename": "output_9_AAAAAAAAAA", "run_id": run_id}).status_code
            == 410
        )


def test_a_wait_for_what_never_happens_ends():
    client = MockFlowScaleClient(FakeServer(duration=float("inf")))
    with pytest.raises(RuntimeError, match="never happens"):
        client.runs.execute(prompt="x")


def test_the_clock_only_moves_when_told():
    clock = FakeClock()
    clock.sleep(2)
    clock.advance(-5)
    assert (clock.now(), clock.slept) == (2, [2])


def test_the_picture_is_a_real_png():
    from io import BytesIO

    from PIL import Image

    with Image.open(BytesIO(png(3, 2, (255, 0, 9)))) as image:
        assert (image.size, image.getpixel((2, 1))) == ((3, 2), (255, 0, 9))


def test_a_test_case_brings_a_client():
    class Sample(FlowScaleTestCase):
        def test_call(self):
            self.server.fail_run("as told")
            with self.assertRaises(FlowScaleRunFailedError):  # noqa: PT027
                self.client.runs.execute(prompt="test")
            self.assertIsNotNone(self.client.runs.execute(prompt="test"))  # noqa: PT009

    assert unittest.TestResult() is not None
    result = unittest.defaultTestLoader.loadTestsFromTestCase(Sample).run(unittest.TestResult())
    assert (result.testsRun, result.errors, result.failures) == (1, [], [])


def test_the_environment_leads_a_test_case_to_a_real_server(monkeypatch):
    monkeypatch.setenv("FLOWSCALE_TEST_BASE_URL", "https://staging.example")
    case = FlowScaleTestCase()
    case.setUp()
    assert (type(case.client), repr(case.client), case.server) == (
        FlowScaleClient, "FlowScaleClient('https://staging.example')", None,
    )  # fmt: skip
    case.doCleanups()
