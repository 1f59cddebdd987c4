"""Files past the gateway with real processes: the Python client sends to the bucket, two gateways and a worker share it."""

import io
from urllib.parse import urlsplit

import httpx
import pytest
from PIL import Image

from flowscale import AsyncFlowScaleClient
from harness.fleet import KEY
from harness.fleet import fleet as launch

pytestmark = [pytest.mark.services, pytest.mark.timeout(300)]
SPEC = """
apiVersion: flowscale.ai/v1
kind: Project
metadata: {name: studio}
spec: {prices: {egress: $1/GB, freeEgress: 0}}
---
apiVersion: flowscale.ai/v1
kind: Workflow
metadata: {name: soft}
spec: {source: workflow.json, version: 1.0.0, inputs: {photo: {from: 1.image, type: image, required: true}}}
---
apiVersion: flowscale.ai/v1
kind: WorkflowDeployment
metadata: {name: soft}
spec: {workflow: soft}
"""
GRAPH = {
    "1": {"class_type": "FSLoadImage", "inputs": {"image": "", "label": "Photo"}},
    "2": {"class_type": "ImageBlur", "inputs": {"image": ["1", 0], "blur_radius": 3, "sigma": 1.0}},
    "3": {
        "class_type": "FSSaveImage",
        "inputs": {
            "images": ["2", 0],
            "filename_prefix": "soft",
            "format": "png",
            "quality": 95,
            "lossless": False,
            "label": "Soft",
        },
    },
}


@pytest.fixture
def fleet(tmp_path, postgres_server, s3_server):
    with launch(tmp_path, postgres_server, s3_server, "soft", SPEC, workflow=GRAPH) as fleet:
        yield fleet


def photo(path):
    Image.effect_noise((640, 480), 80).convert("RGB").save(path / "photo.png")
    return path / "photo.png"


async def test_the_client_sends_to_the_bucket_and_gets_from_it(fleet, s3_server, tmp_path):
    outside = f"http://localhost:{s3_server.port}"  # as callers reach it: another name than the gateways'
    fleet.gateway("one", "--direct", outside)
    fleet.gateway("two", "--direct", outside)
    fleet.worker()
    path = photo(tmp_path)
    async with fleet.client("one") as raw, fleet.client("two") as two:
        async with AsyncFlowScaleClient(KEY, str(raw.base_url)) as one:
            sent = await one.files.upload(path)
            assert (sent.content_type, sent.size) == ("image/png", path.stat().st_size)
        async with AsyncFlowScaleClient(KEY, str(two.base_url)) as client:
            run = await client.runs.execute(photo=sent.reference)
            [output] = run.outputs
            soft = await output.save(tmp_path / "soft.png")
        with Image.open(io.BytesIO(soft.read_bytes())) as image:
            assert image.size == (640, 480)
        told = await raw.get(output.url, headers={"X-API-KEY": ""})
        where = urlsplit(told.headers["location"])
        assert (told.status_code, where.netloc) == (307, urlsplit(outside).netloc)
        async with httpx.AsyncClient() as anybody:
            direct = await anybody.get(told.headers["location"])
        assert (direct.content, direct.headers["content-type"]) == (soft.read_bytes(), "image/png")
    fleet.kill("one", 15)
    fleet.kill("two", 15)
    fleet.gateway("three")
    async with fleet.client("three") as three:
        total = (await three.get("/api/v1/usage")).json()["data"]["total"]
        assert total["egress_bytes"] == 2 * len(soft.read_bytes())
        assert total["egress_cost"] == pytest.approx(total["egress_bytes"] / 1e9, abs=1e-6)
        plain = await three.get(urlsplit(output.url).path)
        assert (plain.status_code, plain.content) == (200, soft.read_bytes())
