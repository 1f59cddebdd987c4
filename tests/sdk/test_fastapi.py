"""Routes of one's own in front of FlowScale, with either client."""

import httpx
import pytest
from fastapi import FastAPI, UploadFile

from flowscale.integrations.fastapi import FlowScaleRouter
from flowscale.testing import AsyncMockFlowScaleClient, FakeServer, MockFlowScaleClient


@pytest.fixture(params=[MockFlowScaleClient, AsyncMockFlowScaleClient], ids=["sync", "async"])
def site(request):
    """An app as the documentation shows it, its fake server, and a caller."""
    app, server = FastAPI(), FakeServer()
    router = FlowScaleRouter(client=request.param(server))

    @app.post("/generate")
    async def generate(prompt: str, image: UploadFile = None):
        result = await router.execute(prompt=prompt, image=image.file if image else None)
        return {"image_url": result.outputs[0].url}

    app.include_router(router, prefix="/api/flowscale")
    caller = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://site")
    caller.fake = server
    return caller


async def test_a_route_of_ones_own_runs_a_workflow(site):
    reply = await site.post("/generate", params={"prompt": "x"}, files={"image": ("p.png", b"bytes")})
    assert reply.json()["image_url"].startswith("https://flowscale.test/")
    (run,) = site.fake.runs.values()
    assert (run.inputs["prompt"], run.inputs["image"].content) == ("x", b"bytes")


async def test_the_ready_routes_submit_show_and_cancel(site):
    run_id = (await site.post("/api/flowscale/runs", json={"prompt": "x"})).json()["run_id"]
    assert (await site.get(f"/api/flowscale/runs/{run_id}")).json()["status"] == "running"
    assert "cancelled" in (await site.post(f"/api/flowscale/runs/{run_id}/cancel")).json()["message"]
    again = await site.post(f"/api/flowscale/runs/{run_id}/cancel")
    assert (again.status_code, again.json()["detail"]["code"]) == (409, "RUN_ALREADY_FINISHED")


async def test_forms_and_files_are_passed_on(site):
    files = [("image", ("p.png", b"one", "image/png")), ("image", ("q.png", b"two", "image/png"))]
    await site.post("/api/flowscale/runs", data={"prompt": "x"}, files=files)
    (run,) = site.fake.runs.values()
    assert run.inputs["prompt"] == "x"
    assert [(upload.filename, upload.content) for upload in run.inputs["image"]] == [
        ("p.png", b"one"),
        ("q.png", b"two"),
    ]


async def test_what_concerns_the_caller_is_passed_on(site):
    site.fake.fail(429, retry_after=3600, code="QUEUE_FULL", message="The queue is full.")
    reply = await site.post("/api/flowscale/runs", json={})
    assert (reply.status_code, reply.headers["retry-after"], reply.json()["detail"]["code"]) == (
        429,
        "3600",
        "QUEUE_FULL",
    )


async def test_what_lies_between_the_servers_is_not(site):
    site.fake.fail(401, message="This API key is not valid.")
    reply = await site.get("/api/flowscale/runs/x")
    assert (reply.status_code, "key" in reply.text) == (502, False)


async def test_options_cannot_be_set_from_outside(site):
    await site.post("/api/flowscale/runs", json={"prompt": "x", "webhook": "https://evil.example"})
    (run,) = site.fake.runs.values()
    assert (run.inputs["webhook"], "webhook" in run.options) == ("https://evil.example", False)


async def test_bodies_that_hold_no_inputs_are_refused(site):
    for content in (b"[1]", b"{", b"\xff"):
        reply = await site.post(
            "/api/flowscale/runs", content=content, headers={"Content-Type": "application/json"}
        )
        assert reply.status_code == 422
    assert site.fake.runs == {}
