"""`/v2` over HTTP: what a deployment says of itself, what it takes and gives, who may ask."""

import base64
import gzip
import io

import orjson
import pytest
from PIL import Image

from flowscale_runtime.gateway.inference import messages, tensors

INFER = "/v2/models/words/infer"


def text(name, value):
    return {"name": name, "datatype": "BYTES", "shape": [1], "data": [value]}


@pytest.fixture
async def computed(server, kit):
    """The server, with a worker that gives what the graph would."""
    async with kit.working(server, lambda run: None):
        yield server


@pytest.fixture
async def photos(server, kit):
    """A deployment whose output is the picture that went in."""
    await server.serve(kit.PHOTO_WORKFLOW, kit.deployment("photo", "photo"))

    def same(run):
        [entry] = run.inputs
        return server.gave(
            ("2", server.state.objects.get(entry["files"][0]["object"])), kind="image/png", extension=".png"
        )

    async with kit.working(server, same):
        yield server


async def test_health_and_server_need_no_key(server):
    for path, wanted in (("/v2/health/live", {"live": True}), ("/v2/health/ready", {"ready": True})):
        reply = await server.client.get(path, headers=server.as_(None))
        assert (reply.status_code, reply.json()) == (200, wanted)
    found = (await server.client.get("/v2", headers=server.as_(None))).json()
    assert found["name"] == "flowscale"
    assert "binary_tensor_data" in found["extensions"]


async def test_a_model_is_not_ready_before_the_specs_are_loaded(server):
    server.state.served.ready = False
    for path in ("/v2/health/ready", "/v2/models/words/ready"):
        assert (await server.client.get(path)).status_code == 503


async def test_a_workflow_is_described_by_typed_tensors(server):
    found = (await server.client.get("/v2/models/words")).json()
    assert found["versions"] == ["1.0.0"]
    assert found["inputs"] == [
        {"name": "prompt", "datatype": "BYTES", "shape": [1]},
        {"name": "steps", "datatype": "INT64", "shape": [1]},
    ]
    assert {one["datatype"] for one in found["outputs"]} == {"BYTES"}
    assert (await server.client.get("/v2/models/words/versions/1.0.0/ready")).json()["ready"]


async def test_an_inference_is_a_run_that_is_accounted(computed):
    steps = {"name": "steps", "datatype": "INT64", "shape": [1], "data": [7]}
    reply = await computed.client.post(INFER, json={"id": "mine", "inputs": [text("prompt", "a fox"), steps]})
    found = reply.json()
    assert (found["model_name"], found["model_version"], found["id"]) == ("words", "1.0.0", "mine")
    assert [(one["shape"], one["data"]) for one in found["outputs"]] == [([1], ["a fox"]), ([1], ["20"])]
    run = (await computed.client.get(f"/api/v1/runs/{found['parameters']['run_id']}")).json()["data"]
    assert {entry["path"]: entry["value"] for entry in run["inputs"]} == {
        "default_value_1": "a fox",
        "default_value_2": 7,
    }
    assert run["status"] == "completed"
    assert run["cost"] is not None


async def test_outputs_are_binary_where_they_are_asked_for_so(computed):
    name = (await computed.client.get("/v2/models/words")).json()["outputs"][0]["name"]
    outputs = [{"name": name, "parameters": {"binary_data": True}}]
    reply = await computed.client.post(INFER, json={"inputs": [text("prompt", "x")], "outputs": outputs})
    size = int(reply.headers[messages.LENGTH])
    [only] = orjson.loads(reply.content[:size])["outputs"]
    assert only["name"] == name
    assert reply.content[size:] == tensors.of_values(name, "BYTES", [1], [b"a fox"]).raw


async def test_a_compressed_body_is_read(computed):
    body = gzip.compress(orjson.dumps({"inputs": [text("prompt", "x")]}))
    reply = await computed.client.post(INFER, content=body, headers={"content-encoding": "gzip"})
    assert reply.status_code == 200
    bomb = gzip.compress(bytes(200 << 20), 1)
    reply = await computed.client.post(INFER, content=bomb, headers={"content-encoding": "gzip"})
    assert (reply.status_code, reply.json()["code"]) == (413, "BODY_TOO_LARGE")


async def test_a_picture_goes_in_as_pixels_and_comes_back_as_pixels(photos, kit):
    described = (await photos.client.get("/v2/models/photo")).json()
    pixels = {
        "name": described["inputs"][0]["name"],
        "datatype": "UINT8",
        "shape": [2, 1, 3],
        "data": [9, 8, 7, 6, 5, 4],
    }
    asked = [{"name": described["outputs"][0]["name"], "parameters": {"datatype": "UINT8"}}]
    reply = await photos.client.post("/v2/models/photo/infer", json={"inputs": [pixels], "outputs": asked})
    [found] = reply.json()["outputs"]
    assert (found["datatype"], found["shape"], found["data"]) == ("UINT8", [1, 2, 1, 3], [9, 8, 7, 6, 5, 4])


async def test_a_picture_goes_in_as_a_file_and_comes_back_as_one(photos, kit):
    name = (await photos.client.get("/v2/models/photo")).json()["inputs"][0]["name"]
    file = text(name, base64.b64encode(kit.png("blue")).decode()) | {"parameters": {"encoding": "base64"}}
    [found] = (await photos.client.post("/v2/models/photo/infer", json={"inputs": [file]})).json()["outputs"]
    assert found["parameters"] == {"encoding": "base64"}
    picture = Image.open(io.BytesIO(base64.b64decode(found["data"][0])))
    assert picture.convert("RGB").getpixel((0, 0)) == (0, 0, 255)


@pytest.mark.parametrize("shape", [[2, 3], [2, 1, 2], [1, 1, 2, 1, 3], [0, 1, 3]])
async def test_pixels_of_another_shape_are_refused(photos, shape):
    name = (await photos.client.get("/v2/models/photo")).json()["inputs"][0]["name"]
    size = 1
    for side in shape:
        size *= side
    pixels = {"name": name, "datatype": "UINT8", "shape": shape, "data": [0] * size}
    reply = await photos.client.post("/v2/models/photo/infer", json={"inputs": [pixels]})
    assert (reply.status_code, reply.json()["details"]["reason"]) == (422, "invalid_shape")


async def test_who_may_not_run_may_look_and_no_more(server):
    viewer = server.as_(await server.key("viewer"))
    assert (await server.client.get("/v2/models/words", headers=viewer)).status_code == 200
    reply = await server.client.post(INFER, json={"inputs": []}, headers=viewer)
    assert (reply.status_code, reply.json()["code"]) == (403, "FORBIDDEN")
    for key in (None, "fs_wrong"):
        reply = await server.client.post(INFER, json={"inputs": []}, headers=server.as_(key))
        assert reply.status_code == 401
        assert isinstance(reply.json()["error"], str)


async def test_a_key_for_other_deployments_finds_no_such_model(server):
    other = server.as_(await server.key("contributor", deployments=("others",)))
    for reply in (
        await server.client.get("/v2/models/words", headers=other),
        await server.client.post(INFER, json={"inputs": []}, headers=other),
    ):
        assert reply.status_code == 404
    listed = await server.client.post("/v2/repository/index", headers=other)
    assert listed.json() == []


@pytest.mark.parametrize(
    ("question", "status", "says"),
    [
        ({"inputs": [text("prom", "x")]}, 422, "there are prompt, steps"),
        ({"inputs": [text("prompt", "x" * 101)]}, 422, "prompt"),
        ({"inputs": [text("prompt", "x") | {"shape": [2]}]}, 422, "shape"),
        ({"inputs": [], "outputs": [{"name": "nothing"}]}, 422, "nothing"),
        ({"inputs": {}, "outputs": 4}, 400, "Open Inference Protocol"),
    ],
)
async def test_what_does_not_fit_is_refused_before_a_run_is_made(server, question, status, says):
    reply = await server.client.post(INFER, json=question)
    assert reply.status_code == status, reply.text
    assert says in reply.json()["error"]
    assert (await server.client.get("/api/v1/runs")).json()["meta"]["total_count"] == 0


async def test_names_and_versions_that_are_not_served_are_not_found(server):
    for path in ("/v2/models/wards", "/v2/models/words/versions/2.0.0"):
        assert (await server.client.get(path)).status_code == 404
        assert (await server.client.post(f"{path}/infer", json={"inputs": []})).status_code == 404


async def test_a_run_that_fails_says_why(server, kit):
    from flowscale_runtime.stores.values import Outcome

    error = {"code": "NODE_FAILED", "message": "the fox is gone", "details": {}}
    async with kit.working(server, lambda run: Outcome("failed", 0.1, error=error)):
        reply = await server.client.post(INFER, json={"inputs": []})
    assert (reply.status_code, reply.json()["error"]) == (410, "the fox is gone")


async def test_a_caller_that_waits_too_short_is_told_that_the_run_goes_on(server):
    reply = await server.client.post(INFER, json={"inputs": [], "parameters": {"timeout": 1000}})
    assert (reply.status_code, reply.json()["code"]) == (408, "RUN_TIMED_OUT")
    run = (await server.client.get(f"/api/v1/runs/{reply.json()['details']['run_id']}")).json()["data"]
    assert run["status"] == "queued"
