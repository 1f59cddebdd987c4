"""A deployment that a ComfyUI server computes: our own protocol server stands where ComfyUI would."""

import asyncio
import io
import json

import httpx
import pytest
from PIL import Image

from flowscale_workflows import saved

pytestmark = pytest.mark.services

PICTURE = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "example.png"}},
    "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
    "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "inverted"}},
}
STEPS = {
    "1": {"class_type": "TestSteps", "inputs": {"count": 3, "salt": "here"}},
    "2": {"class_type": "TestShow", "inputs": {"text": ["1", 0]}},
}
FAILS = {
    "1": {"class_type": "TestFail", "inputs": {"message": "as told"}, "_meta": {"title": "Breaks"}},
    "2": {"class_type": "TestShow", "inputs": {"text": ["1", 0]}},
}


def lay(root, url, graphs):
    """A spec folder without packs whose deployments the server at `url` computes."""
    (root / "data").mkdir(parents=True)
    (root / "spec").mkdir()
    documents = []
    for name, graph in graphs.items():
        (root / "spec" / f"{name}.json").write_text(json.dumps(graph))
        head = f"apiVersion: flowscale.ai/v1\nmetadata: {{name: {name}}}\n"
        documents += [
            f"{head}kind: Workflow\nspec: {{source: {name}.json, version: 1.0.0}}\n",
            f"{head}kind: WorkflowDeployment\nspec: {{workflow: {name}, comfyui: ['{url}']}}\n",
        ]
    (root / "spec" / "flowscale.yaml").write_text("---\n".join(documents))


class Front:
    """A client of the REST API in front."""

    def __init__(self, http):
        self.http = http

    async def submit(self, deployment, **form):
        reply = await self.http.post("/api/v1/runs", params={"workflow_id": deployment}, **form)
        assert reply.status_code < 300, reply.text
        return reply.json()["data"]["run_id"]

    async def get(self, run_id):
        return (await self.http.get(f"/api/v1/runs/{run_id}")).json()["data"]

    async def until(self, run_id, *states):
        async with asyncio.timeout(60):
            while (found := await self.get(run_id))["status"] not in states:
                await asyncio.sleep(0.05)
        return found


@pytest.fixture
async def front(tmp_path, kit, server):
    graphs = {
        "picture": PICTURE,
        "steps": STEPS,
        "fails": FAILS,
        "waits": {
            "1": {"class_type": "TestWait", "inputs": {"path": str(tmp_path / "go")}},
            "2": {"class_type": "TestShow", "inputs": {"text": ["1", 0]}},
        },
    }
    lay(tmp_path / "front", server.open_url, graphs)
    with kit.launched(tmp_path / "front") as (there, _):
        headers = {"X-API-Key": there.key}
        async with httpx.AsyncClient(
            base_url=there.url, headers=headers, timeout=60, trust_env=False
        ) as http:
            yield Front(http)


async def test_a_picture_goes_to_the_server_and_its_result_comes_back(front, kit):
    files = {"image_1": ("cat.png", kit.png((255, 0, 10)), "image/png")}
    found = await front.until(await front.submit("picture", files=files), "completed", "failed")
    assert found["status"] == "completed", found
    (output,) = found["outputs"]
    picture = Image.open(io.BytesIO((await front.http.get(output["url"])).content))
    assert picture.getpixel((0, 0)) == (0, 255, 245)


async def test_a_node_that_fails_there_is_the_error_of_the_run_here(front):
    found = await front.until(await front.submit("fails", json={}), "completed", "failed")
    assert found["error"]["code"] == "NODE_FAILED"
    assert found["error"]["message"] == "Breaks (node 1): as told"


async def test_a_cancelled_run_is_stopped_there(front, client):
    run_id = await front.submit("waits", json={})
    while not (await client.get("/queue"))["queue_running"]:
        await asyncio.sleep(0.02)
    await front.http.post(f"/api/v1/runs/{run_id}/cancel")
    assert (await front.until(run_id, "cancelled"))["status"] == "cancelled"
    while (await client.get("/prompt"))["exec_info"]["queue_remaining"]:
        await asyncio.sleep(0.02)


async def test_a_run_survives_the_death_and_return_of_its_server(tmp_path, kit, free_port):
    kit.lay(tmp_path)
    graph = {
        "1": {"class_type": "TestWait", "inputs": {"path": str(tmp_path / "go")}},
        "2": {"class_type": "TestShow", "inputs": {"text": ["1", 0]}},
    }
    port = str(free_port())
    with kit.launched(tmp_path, port) as (there, process):
        lay(tmp_path / "front", there.open_url, {"waits": graph})
        with kit.launched(tmp_path / "front") as (here, _):
            headers = {"X-API-Key": here.key}
            async with httpx.AsyncClient(base_url=here.url, headers=headers, trust_env=False) as http:
                front = Front(http)
                run_id = await front.submit("waits", json={})
                async with httpx.AsyncClient(base_url=there.open_url, trust_env=False) as behind:
                    while not (await behind.get("/queue")).json()["queue_running"]:
                        await asyncio.sleep(0.02)
                process.kill()
                await asyncio.to_thread(process.wait)
                (tmp_path / "go").touch()
                with kit.launched(tmp_path, port):
                    found = await front.until(run_id, "completed", "failed")
                assert found["status"] == "completed", found


async def test_a_server_that_is_away_at_the_start_is_served_once_it_is_there(tmp_path, kit, free_port):
    kit.lay(tmp_path)
    port = free_port()
    lay(tmp_path / "front", f"http://127.0.0.1:{port}", {"steps": STEPS})
    with kit.launched(tmp_path / "front") as (here, _):
        headers = {"X-API-Key": here.key}
        async with httpx.AsyncClient(base_url=here.url, headers=headers, trust_env=False) as http:
            refused = await http.post("/api/v1/runs", params={"workflow_id": "steps"}, json={})
            assert refused.status_code == 404
            with kit.launched(tmp_path, str(port)):
                async with asyncio.timeout(60):
                    while (found := await http.post("/api/v1/runs?workflow_id=steps", json={})).is_error:
                        await asyncio.sleep(0.2)
                run_id = found.json()["data"]["run_id"]
                assert (await Front(http).until(run_id, "completed", "failed"))["status"] == "completed"


async def test_nodes_that_are_saved_beside_the_spec_need_no_server_to_be_served(tmp_path, kit, client):
    lay(tmp_path, "http://127.0.0.1:9", {"steps": STEPS})
    definitions = saved.parse((await client.http.get("/object_info")).content, "the server")
    (tmp_path / "spec" / saved.NAME).write_bytes(saved.written(definitions))
    with kit.launched(tmp_path) as (here, _):
        headers = {"X-API-Key": here.key}
        async with httpx.AsyncClient(base_url=here.url, headers=headers, trust_env=False) as http:
            front = Front(http)
            run_id = await front.submit("steps", json={})
            await http.post(f"/api/v1/runs/{run_id}/cancel")
            await front.until(run_id, "cancelled")
