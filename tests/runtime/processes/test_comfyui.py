"""ComfyUI's protocol at several gateways with a worker elsewhere, as real processes: what one takes, all others show."""

import asyncio
import io
import json
import shutil
import uuid
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import websockets
from PIL import Image

from harness.fleet import KEY
from harness.fleet import fleet as launch

pytestmark = [pytest.mark.services, pytest.mark.timeout(300)]
PACK = Path(__file__).parents[1] / "comfyui" / "pack"
SPEC = """
apiVersion: flowscale.ai/v1
kind: Workflow
metadata: {name: plain}
spec: {source: workflow.json, version: 1.0.0}
---
apiVersion: flowscale.ai/v1
kind: WorkflowDeployment
metadata: {name: comfyui}
spec: {workflow: plain, limits: {concurrency: 4}}
"""
GRAPH = {
    "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}},
    "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "plain"}},
}


@pytest.fixture
def fleet(tmp_path, postgres_server, s3_server):
    with launch(tmp_path, postgres_server, s3_server, "comfyui", SPEC, workflow=GRAPH) as fleet:
        yield fleet


def worker(fleet, name="worker"):
    packs = fleet.place / "custom_nodes"
    shutil.copytree(PACK, packs / "pack", dirs_exist_ok=True)
    fleet.worker(name, "--custom-nodes", str(packs))


async def ready(client):
    """Waits until a worker has told its nodes."""
    while (await client.get("/comfy/object_info")).status_code == 503:
        await asyncio.sleep(0.1)


@asynccontextmanager
async def listening(client, client_id):
    """The WebSocket of a client: a function that gives what it hears until a prompt's end."""
    address = str(client.base_url).replace("http", "ws").rstrip("/") + f"/comfy/ws?clientId={client_id}"
    async with websockets.connect(
        address, proxy=None, max_size=None, additional_headers={"X-API-KEY": KEY}
    ) as socket:

        async def until_end(prompt_id):
            heard = []
            while True:
                frame = await asyncio.wait_for(socket.recv(), 60)
                heard.append(
                    ("binary", frame) if isinstance(frame, bytes) else tuple(json.loads(frame).values())
                )
                kind, data = heard[-1]
                if kind == "executing" and data["node"] is None and data["prompt_id"] == prompt_id:
                    return heard

        yield until_end


async def post(client, graph, client_id=None):
    reply = await client.post(
        "/comfy/prompt", json={"prompt": graph, "client_id": client_id or uuid.uuid4().hex}
    )
    assert reply.status_code == 200, reply.text
    return reply.json()["prompt_id"]


async def history(client, prompt_id):
    """The prompt's entry, once it has ended."""
    while not (found := (await client.get(f"/comfy/history/{prompt_id}")).json()):
        await asyncio.sleep(0.05)
    return found[prompt_id]


def picture(colour):
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(buffer, "PNG")
    return buffer.getvalue()


async def seen(client, file):
    reply = await client.get("/comfy/view", params=file)
    assert reply.status_code == 200, reply.text
    with Image.open(io.BytesIO(reply.content)) as image:
        return image.convert("RGB").getpixel((0, 0))


async def test_a_prompt_of_one_gateway_is_heard_and_read_at_the_other(fleet):
    fleet.gateway("one")
    fleet.gateway("two")
    worker(fleet)
    async with fleet.client("one") as one, fleet.client("two") as two:
        await ready(one)
        for client, name, colour in ((one, "photo.png", "red"), (two, "photo.png", "blue")):
            sent = await client.post("/comfy/upload/image", files={"image": (name, picture(colour))})
            assert sent.status_code == 200, sent.text
        assert sent.json()["name"] == "photo (1).png"
        names = (await one.get("/comfy/object_info/LoadImage")).json()["LoadImage"]["input"]["required"]
        assert {"photo.png", "photo (1).png"} <= set(names["image"][1]["options"])

        client_id = uuid.uuid4().hex
        graph = {
            "0": {"class_type": "TestSteps", "inputs": {"count": 3, "salt": uuid.uuid4().hex}},
            "1": {"class_type": "TestShow", "inputs": {"text": ["0", 0]}},
            "2": {"class_type": "LoadImage", "inputs": {"image": "photo (1).png"}},
            "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "deep/kept"}},
            "4": {"class_type": "PreviewImage", "inputs": {"images": ["2", 0]}},
        }
        async with listening(two, client_id) as heard:
            prompt_id = await post(one, graph, client_id)
            said = await heard(prompt_id)
        kinds = [kind for kind, _ in said]
        assert {"status", "execution_start", "executing", "progress", "executed", "binary"} <= set(kinds)
        assert kinds.index("execution_success") > max(i for i, kind in enumerate(kinds) if kind == "executed")
        shown = {data["node"]: data["output"] for kind, data in said if kind == "executed"}
        [saved] = shown["3"]["images"]
        assert saved == {"filename": "kept_00001_.png", "subfolder": f"{prompt_id}/deep", "type": "output"}
        for client in (one, two):
            entry = await history(client, prompt_id)
            assert entry["status"]["status_str"] == "success"
            assert entry["outputs"] == shown
            assert await seen(client, saved) == (0, 0, 255)
            assert await seen(client, shown["4"]["images"][0]) == (0, 0, 255)
        assert (await two.get("/comfy/queue")).json() == {"queue_running": [], "queue_pending": []}
        run = (await two.get(f"/api/v1/runs/{prompt_id}")).json()["data"]
        assert (run["status"], run["workflow_id"]) == ("completed", "comfyui")

        again = await post(
            two,
            {
                **graph,
                "2": {
                    "class_type": "LoadImage",
                    "inputs": {"image": f"{prompt_id}/deep/kept_00001_.png [output]"},
                },
            },
        )
        [resaved] = (await history(one, again))["outputs"]["3"]["images"]
        assert resaved["subfolder"] == f"{again}/deep"
        assert await seen(one, resaved) == (0, 0, 255)
        same = await post(one, graph)
        [repeated] = (await history(two, same))["outputs"]["3"]["images"]
        assert await seen(two, repeated) == (0, 0, 255)
        await one.post("/comfy/history", json={"delete": [prompt_id]})
        assert list((await two.get("/comfy/history")).json()) == [again, same]


async def test_a_prompt_that_waits_or_runs_is_ended_at_any_gateway(fleet, tmp_path):
    fleet.gateway("one")
    fleet.gateway("two")
    worker(fleet)
    async with fleet.client("one") as one, fleet.client("two") as two:
        await ready(one)
        graph = {
            "0": {"class_type": "TestWait", "inputs": {"path": str(tmp_path / "never")}},
            "1": {"class_type": "TestShow", "inputs": {"text": ["0", 0]}},
        }
        running, waiting = await post(one, graph), await post(one, graph)
        while len((await two.get("/comfy/queue")).json()["queue_running"]) < 1:
            fleet.check("worker")
            await asyncio.sleep(0.05)
        queue = (await two.get("/comfy/queue")).json()
        assert [[each[1] for each in queue[part]] for part in ("queue_running", "queue_pending")] == [
            [running],
            [waiting],
        ]
        assert (await two.get("/comfy/prompt")).json() == {"exec_info": {"queue_remaining": 2}}
        await two.post("/comfy/queue", json={"delete": [waiting]})
        await two.post("/comfy/interrupt", json={})
        entry = await history(one, running)
        assert entry["status"]["messages"][-1][0] == "execution_interrupted"
        assert (await one.get(f"/comfy/history/{waiting}")).json() == {}


async def test_what_cannot_be_says_why(fleet):
    fleet.gateway()
    async with fleet.client() as client:
        nobody = await client.post("/comfy/prompt", json={"prompt": GRAPH})
        assert (nobody.status_code, nobody.headers["retry-after"]) == (503, "5")
        assert "flowscale worker --deployment comfyui" in nobody.json()["error"]["message"]
        assert (await client.get("/comfy/object_info")).status_code == 503
        for path in ("models", "settings", "userdata?dir=x", "api/v2/jobs", "api/models/checkpoints"):
            reply = await client.get(f"/comfy/{path}")
            assert (reply.status_code, reply.json()["error"]["type"]) == (501, "not_shared"), path
        assert (await client.get("/editor")).status_code == 404
        assert (await client.get("/comfy/queue", headers={"X-API-KEY": ""})).status_code == 401
        assert (await client.get("/comfy/models", headers={"X-API-KEY": ""})).status_code == 401
        for name, status in (("../secret", 403), ("nothing.png", 404)):
            assert (
                await client.get("/comfy/view", params={"filename": "x", "subfolder": name})
            ).status_code == status
        worker(fleet)
        await ready(client)
        wrong = await client.post(
            "/comfy/prompt", json={"prompt": {**GRAPH, "1": {"class_type": "Nowhere", "inputs": {}}}}
        )
        assert (wrong.status_code, wrong.json()["error"]["type"]) == (400, "missing_node_type")
        missing = {**GRAPH, "1": {"class_type": "LoadImage", "inputs": {"image": "nothing.png"}}}
        wrong = await client.post("/comfy/prompt", json={"prompt": missing})
        assert (wrong.status_code, list(wrong.json()["node_errors"])) == (400, ["1"])
        large = {
            str(n): {
                "class_type": "EmptyImage",
                "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0},
            }
            for n in range(500)
        }
        large["save"] = {
            "class_type": "SaveImage",
            "inputs": {"images": ["1", 0], "filename_prefix": "large"},
        }
        assert (await history(client, await post(client, large)))["status"]["status_str"] == "success"


async def test_without_a_deployment_for_prompts_the_protocol_says_what_to_declare(fleet):
    (fleet.folder / "flowscale.yaml").write_text(SPEC.replace("{name: comfyui}", "{name: other}"))
    fleet.gateway()
    async with fleet.client() as client:
        reply = await client.get("/comfy/queue")
        assert (reply.status_code, "declare a WorkflowDeployment" in reply.json()["error"]["message"]) == (
            404,
            True,
        )
