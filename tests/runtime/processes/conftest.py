"""A fleet that blurs, over PostgreSQL and S3."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from harness.fleet import Fleet
from harness.fleet import fleet as launch
from harness.postgres import Postgres
from harness.s3 import S3

SPEC = """
apiVersion: flowscale.ai/v1
kind: Workflow
metadata: {name: blur}
spec:
  source: workflow.json
  version: 1.0.0
  inputs:
    color: {from: 1.color}
---
apiVersion: flowscale.ai/v1
kind: WorkflowDeployment
metadata: {name: blur}
spec: {workflow: blur, limits: {attempts: 10, queue: 10000, concurrency: 100}}
"""
GRAPH = {
    "1": {"class_type": "EmptyImage", "inputs": {"width": 96, "height": 64, "batch_size": 1, "color": 0}},
    "2": {"class_type": "ImageBlur", "inputs": {"image": ["1", 0], "blur_radius": 3, "sigma": 1.0}},
    "3": {
        "class_type": "FSSaveImage",
        "inputs": {
            "images": ["2", 0],
            "filename_prefix": "blurred",
            "format": "png",
            "quality": 95,
            "lossless": False,
            "label": "Blurred",
        },
    },
}


@pytest.fixture
def fleet(tmp_path: Path, postgres_server: Postgres, s3_server: S3) -> Iterator[Fleet]:
    with launch(tmp_path, postgres_server, s3_server, "blur", SPEC, workflow=GRAPH) as fleet:
        yield fleet


@pytest.fixture
def submit() -> Callable[..., object]:
    async def one(client: httpx.AsyncClient, color: int = 1, **query: str) -> str:
        reply = await client.post("/api/v1/runs", data={"color": str(color)}, params=query)
        assert reply.status_code == 200, reply.text
        return str(reply.json()["data"]["run_id"])

    return one
