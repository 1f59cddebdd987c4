"""Weights on their whole way: from where they are kept into the host that computes, by content and not by name."""

import asyncio
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from harness.fleet import Fleet, is_ready
from harness.fleet import fleet as launch

pytestmark = [pytest.mark.services, pytest.mark.timeout(300)]

PROGRAM = Path(sys.executable).parent / "flowscale"
PACK = """
import hashlib
import folder_paths

class HashOfWeights:
    CATEGORY, FUNCTION, RETURN_TYPES = "tests", "run", ("STRING",)

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"name": (folder_paths.get_filename_list("weights"),)}}

    def run(self, name):
        with open(folder_paths.get_full_path_or_raise("weights", name), "rb") as file:
            return (hashlib.sha256(file.read()).hexdigest(),)

NODE_CLASS_MAPPINGS = {"HashOfWeights": HashOfWeights}
"""
GRAPH = {
    "1": {"class_type": "HashOfWeights", "inputs": {"name": "a.safetensors"}},
    "2": {"class_type": "FSSaveText", "inputs": {"text": ["1", 0], "filename_prefix": "sum", "label": "Sum"}},
}
SPEC = """
apiVersion: flowscale.ai/v1
kind: Workflow
metadata: {{name: sum}}
spec:
  source: workflow.json
  version: {version}
  inputs: {{}}
  models:
    - {{name: a.safetensors, kind: weights, source: "{source}"}}
---
apiVersion: flowscale.ai/v1
kind: WorkflowDeployment
metadata: {{name: sum}}
spec: {{workflow: sum, traffic: {traffic}}}
"""


def weights(letter: str) -> bytes:
    header = b'{"__metadata__":{}}'
    return len(header).to_bytes(8, "little") + header + letter.encode() * 5000


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def spec(source: str, version: str = "1.0.0", traffic: str = "{1.0.0: 100%}") -> str:
    return SPEC.format(source=source, version=version, traffic=traffic)


def write(folder: Path, text: str) -> Path:
    """A folder with a spec, its workflow and its pack."""
    (folder / "custom_nodes").mkdir(parents=True, exist_ok=True)
    (folder / "custom_nodes" / "sums.py").write_text(PACK)
    (folder / "workflow.json").write_text(json.dumps(GRAPH))
    (folder / "flowscale.yaml").write_text(text)
    return folder


async def computed(client: httpx.AsyncClient) -> str:
    """What a run read."""
    run = (await client.post("/api/v1/runs", params={"wait": "60"})).json()["data"]
    assert run["status"] == "completed", run
    return (await client.get(run["outputs"][0]["url"])).text


@asynccontextmanager
async def serving(folder: Path, data: Path, environment: dict[str, str]) -> AsyncIterator[httpx.AsyncClient]:
    """A client of `flowscale serve`."""
    data.mkdir(exist_ok=True)
    (data / "server.json").unlink(missing_ok=True)
    command = [PROGRAM, "serve", folder, "--port", "0", "--data", data]
    with (data / "log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | environment)
    try:
        while not (data / "server.json").exists() or not (data / "owner.key").exists():
            assert process.poll() is None, (data / "log").read_text()[-2000:]
            await asyncio.sleep(0.05)
        url, key = json.loads((data / "server.json").read_text())["url"], (data / "owner.key").read_text()
        async with httpx.AsyncClient(base_url=url, headers={"X-API-KEY": key.strip()}, timeout=60) as client:
            while not await is_ready(client):
                await asyncio.sleep(0.05)
            yield client
    finally:
        process.terminate()
        process.wait(60)


async def test_a_version_keeps_its_weights_when_the_file_of_that_name_changes(tmp_path: Path) -> None:
    environment = {"FLOWSCALE_MODEL_CACHE": str(tmp_path / "cache")}
    data, place = tmp_path / "data", tmp_path / "spec"
    folder = write(place, spec("a.safetensors"))
    (folder / "a.safetensors").write_bytes(weights("a"))
    pin = [PROGRAM, "pin", folder, "--data", data]
    subprocess.run(pin, check=True, env=os.environ | environment, capture_output=True)
    (folder / "a.safetensors").unlink()
    (folder / "a.safetensors").write_bytes(weights("b"))
    write(folder, spec("a.safetensors", "2.0.0", "{1.0.0: 0%, 2.0.0: 100%}"))
    async with serving(folder, data, environment) as client:
        assert await computed(client) == sha256(weights("b"))
        write(folder, spec("a.safetensors", "2.0.0", "{1.0.0: 100%, 2.0.0: 0%}"))
        while await computed(client) == sha256(weights("b")):
            await asyncio.sleep(0.1)
        assert await computed(client) == sha256(weights("a"))


async def test_a_model_that_cannot_be_had_is_a_problem_of_its_deployment(tmp_path: Path, site) -> None:
    environment = {"FLOWSCALE_MODEL_CACHE": str(tmp_path / "cache")}
    folder = write(tmp_path / "spec", spec(f"{site.url}/a.safetensors"))
    async with serving(folder, tmp_path / "data", environment) as client:
        reply = await client.post("/api/v1/runs")
        assert reply.status_code in (400, 404, 422), reply.text
        log = (tmp_path / "data" / "log").read_text()
        assert "model weights/a.safetensors: there is nothing at" in log
        assert "Traceback" not in log


@pytest.fixture
def fleet(tmp_path: Path, postgres_server, s3_server, site) -> Iterator[Fleet]:
    site.files["/a.safetensors"] = weights("a")
    text = spec(f"{site.url}/a.safetensors")
    with launch(tmp_path, postgres_server, s3_server, "sum", text) as made:
        write(made.folder, text)
        yield made


async def test_a_worker_fetches_what_the_release_of_a_run_pins_and_the_next_one_before_any_run(
    fleet: Fleet, site, tmp_path: Path
) -> None:
    packs = ("--custom-nodes", str(fleet.folder / "custom_nodes"))
    for name in ("gateway", "one", "two"):
        (tmp_path / name).mkdir()
    fleet.environment["FLOWSCALE_MODEL_CACHE"] = str(tmp_path / "gateway" / "cache")
    fleet.gateway()
    async with fleet.client() as client:
        fleet.environment["FLOWSCALE_MODEL_CACHE"] = str(tmp_path / "one" / "cache")
        fleet.worker("one", *packs)
        assert await computed(client) == sha256(weights("a"))
        assert list((tmp_path / "one" / "cache" / "blobs").rglob("??/*"))
        fleet.kill("one")
        site.asked.clear()
        fleet.environment["FLOWSCALE_MODEL_CACHE"] = str(tmp_path / "two" / "cache")
        fleet.worker("two", *packs)
        while not list((tmp_path / "two" / "cache").glob("blobs/??/*")):
            fleet.check("two")
            await asyncio.sleep(0.05)
        site.files.clear()
        assert await computed(client) == sha256(weights("a"))


async def test_a_run_whose_weights_cannot_be_had_says_why(fleet: Fleet, site, tmp_path: Path) -> None:
    (tmp_path / "gateway").mkdir()
    fleet.environment["FLOWSCALE_MODEL_CACHE"] = str(tmp_path / "gateway" / "cache")
    fleet.gateway()
    async with fleet.client() as client:
        site.files["/a.safetensors"] = weights("b")
        fleet.environment["FLOWSCALE_MODEL_CACHE"] = str(tmp_path / "cache")
        fleet.worker("one", "--custom-nodes", str(fleet.folder / "custom_nodes"))
        run = (await client.post("/api/v1/runs", params={"wait": "60"})).json()["data"]
        assert (run["status"], run["error"]["code"]) == ("failed", "MODEL_UNAVAILABLE")
        assert "another one than was meant" in run["error"]["message"]
