"""The official SDK, unmodified, against this server: assets, jobs, events, labels, errors."""

import io
import json
import uuid

import httpx
import pytest
from comfy_low.errors import HashMismatch, InvalidWorkflow, MissingAsset, NotFound, WorkflowFormatUi
from comfy_low.transport import ComfyLow
from comfy_sdk import Comfy
from comfy_sdk.events import OutputReady, Preview, Progress, StatusChange
from comfy_sdk.exceptions import ComfyError, JobFailed
from comfy_sdk.workflows import Workflow
from PIL import Image

pytestmark = [pytest.mark.services, pytest.mark.timeout(300)]


@pytest.fixture(params=["open port", "with a key"])
def sdk(request, server, monkeypatch):
    """The SDK's client: on the port without keys, and under /comfy with one."""
    keyed = request.param == "with a key"
    monkeypatch.setenv("COMFY_BASE_URL", f"{server.url}/comfy" if keyed else server.open_url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("COMFY_API_KEY", raising=False)
    with Comfy(api_key=server.key if keyed else None, timeout=120) as client:
        yield client


@pytest.fixture
def low(server, monkeypatch):
    """The SDK's transport, for what its client keeps from a server."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ComfyLow(server.open_url, timeout=120) as low:
        yield low


def inverted(image, prefix="v2/inverted"):
    return Workflow(
        {
            "1": {"class_type": "LoadImage", "inputs": {"image": image}},
            "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
            "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": prefix}},
        }
    )


def steps(count, delay=0.0):
    text = {"class_type": "TestSteps", "inputs": {"count": count, "delay": delay, "salt": uuid.uuid4().hex}}
    return {"1": text, "2": {"class_type": "TestShow", "inputs": {"text": ["1", 0]}}}


def test_a_picture_goes_in_as_an_asset_and_comes_out_inverted(sdk, kit):
    photo = sdk.assets.from_bytes(kit.png("red", (5, 4)), filename="red.png")
    job = sdk.run(inverted(photo), timeout=120)
    assert job.status == "succeeded"
    [output] = job.outputs
    assert (output.type, output.content_type, output.node_id) == ("image", "image/png", "3")
    with Image.open(io.BytesIO(output.to_bytes())) as picture:
        assert (picture.size, picture.convert("RGB").getpixel((0, 0))) == ((5, 4), (0, 255, 255))
    assert sdk.jobs.get(job.id).get_workflow().graph["2"]["class_type"] == "ImageInvert"


def test_the_same_bytes_are_sent_once(sdk, kit):
    data = kit.png((1, 2, uuid.uuid4().int % 256), (3, 3), pnginfo=None) + uuid.uuid4().bytes
    first, again = (sdk.assets.from_bytes(data, filename=name) for name in ("a.png", "b.png"))
    assert (first.commit() != again.commit(), first.created_new, again.created_new) == (True, True, False)
    assert first.hash == again.hash


def test_an_output_is_an_input_of_the_next_job(sdk, kit):
    photo = sdk.assets.from_bytes(kit.png("blue", (4, 4)), filename="blue.png")
    [first] = sdk.run(inverted(photo), timeout=120).outputs
    reference = {"__type": "core/ASSET", "info": {"id": first.id}}
    [second] = sdk.run(inverted(reference), timeout=120).outputs
    with Image.open(io.BytesIO(second.to_bytes())) as picture:
        assert picture.convert("RGB").getpixel((0, 0)) == (0, 0, 255)


def test_events_tell_progress_previews_and_outputs_and_end(sdk):
    graph = steps(20, 0.05) | picture()
    job = sdk.submit(Workflow(graph))
    seen = list(job.events())
    kinds = {type(event) for event in seen}
    assert {StatusChange, Progress} <= kinds
    assert isinstance(seen[-1], StatusChange)
    assert seen[-1].status == "succeeded"
    values = [event.value for event in seen if isinstance(event, Progress)]
    assert values == sorted(values)
    assert all(event.nodes_total == len(graph) for event in seen if isinstance(event, Progress))
    assert any(isinstance(event, OutputReady) for event in seen)
    assert any(isinstance(event, Preview) and event.data[:2] == b"\xff\xd8" for event in seen)


def test_labels_are_kept_and_jobs_are_found_by_them_page_by_page(sdk):
    client = uuid.uuid4().hex
    made = [sdk.submit(Workflow(steps(1)), metadata={"client": client, "n": str(n)}) for n in range(3)]
    found = list(sdk.list_jobs(metadata={"client": client}, limit=2))
    assert [one.id for one in found] == [job.id for job in reversed(made)]
    assert [one.metadata["n"] for one in found] == ["2", "1", "0"]
    assert made[0].result().metadata == {"client": client, "n": "0"}
    with pytest.raises(ComfyError) as refused:
        sdk.submit(Workflow(steps(1)), metadata={str(n): "x" for n in range(17)})
    assert refused.value.code == "metadata_invalid"


def test_a_key_with_the_same_body_is_answered_with_the_first_job(sdk):
    key, graph = uuid.uuid4().hex, steps(1)
    first, again = (sdk.submit(Workflow(graph), idempotency_key=key) for _ in range(2))
    assert first.id == again.id
    with pytest.raises(ComfyError) as refused:
        sdk.submit(Workflow(steps(2)), idempotency_key=key)
    assert (refused.value.code, refused.value.http_status) == ("idempotency_key_reuse", 422)


def test_a_job_is_cancelled_while_it_runs(sdk):
    job = sdk.submit(Workflow(steps(600, 0.1)))
    for event in job.events():
        if isinstance(event, Progress):
            break
    assert job.cancel().wait(timeout=60).status == "canceled"
    assert job.cancel().status == "canceled"


def test_a_node_that_fails_is_named(sdk):
    job = sdk.submit(
        Workflow(
            {
                "1": {"class_type": "TestFail", "inputs": {"message": "no"}},
                "2": {"class_type": "TestShow", "inputs": {"text": ["1", 0]}},
            }
        )
    )
    with pytest.raises(JobFailed) as failed:
        job.result()
    error = failed.value.error
    assert (error.code, error.node_id, error.class_type) == ("node_execution_error", "1", "TestFail")
    assert error.traceback


@pytest.mark.parametrize(
    ("graph", "error"),
    [
        ({"1": {"class_type": "Nonsense", "inputs": {}}}, InvalidWorkflow),
        ({"1": {"class_type": "SaveImage", "inputs": {}}}, InvalidWorkflow),
        ({}, InvalidWorkflow),
        ({"nodes": [], "links": [], "last_node_id": 0}, WorkflowFormatUi),
        ({"1": {"class_type": "LoadImage", "inputs": {"image": {"__type": "core/ASSET"}}}}, MissingAsset),
        (
            {
                "1": {
                    "class_type": "LoadImage",
                    "inputs": {"image": {"__type": "core/ASSET", "info": {"id": "x"}}},
                }
            },
            MissingAsset,
        ),
    ],
)
def test_what_cant_run_is_refused_in_the_envelope(low, graph, error):
    with pytest.raises(error) as refused:
        low.post_jobs(graph)
    assert refused.value.http_status == 422


def test_what_isnt_there_and_what_isnt_what_it_says(low):
    for ask in (low.get_job, low.get_asset, low.cancel_job):
        with pytest.raises(NotFound):
            ask(str(uuid.uuid4()))
    with pytest.raises(HashMismatch):
        low.post_assets(io.BytesIO(b"x"), "text/plain", "x.txt", expected_hash=f"blake3:{'0' * 64}")
    assert low.head_asset_by_hash(f"blake3:{'0' * 64}") is False


def test_an_asset_is_read_in_ranges_and_forgotten(low):
    asset = low.post_assets(io.BytesIO(b"0123456789"), "text/plain", "digits.txt", tags=["a", "b"])
    with low.get_asset_content(asset.id, range=(2, 4)) as reply:
        assert (reply.status_code, reply.read()) == (206, b"234")
    assert (asset.size_bytes, asset.content_type, asset.file_path) == (10, "text/plain", "digits.txt")
    low.delete_asset(asset.id)
    with pytest.raises(NotFound):
        low.get_asset(asset.id)


def test_without_a_key_nothing_is_told(server):
    reply = httpx.get(f"{server.url}/comfy/api/v2/jobs", trust_env=False)
    assert (reply.status_code, json.loads(reply.content)["error"]["code"]) == (401, "unauthorized")


def picture():
    """Nodes that save a picture."""
    return {
        "3": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}},
        "4": {"class_type": "SaveImage", "inputs": {"images": ["3", 0], "filename_prefix": uuid.uuid4().hex}},
    }
