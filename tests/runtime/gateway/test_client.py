"""Our own Python client, unmodified, against the gateway over a real connection."""

import io

import pytest

from flowscale import (
    AsyncFlowScaleClient,
    FlowScaleAuthenticationError,
    FlowScaleConflictError,
    FlowScaleNotFoundError,
    FlowScaleValidationError,
)


@pytest.fixture
async def connected(server, kit):
    """Opens a client with the owner's key, beside a worker that computes what is submitted."""
    async with kit.listening(server.app) as url, kit.working(server, lambda run: None):
        yield lambda **options: AsyncFlowScaleClient(**{"base_url": url, "api_key": server.owner, **options})


async def test_a_run_is_executed_followed_and_looked_at(connected):
    seen = []
    async with connected() as client:
        run = await client.runs.execute({"prompt": "a hare"}, workflow_id="words", on_progress=seen.append)
        assert run.ok
        assert [output.filename for output in run.outputs] == [f"{name}.txt" for name in run.output_names]
        assert await run.outputs[0].data == b"a fox"
        assert seen[-1].status == "completed"
        assert (await client.runs.get(run.run_id)).inputs[0]["value"] == "a hare"
        page = await client.runs.list(page_size=1)
        assert (page.total_count, page[0].run_id) == (1, run.run_id)
        assert [line["message"] for line in await client.runs.logs(run.run_id)] == ["loaded", "done"]
        assert await client.runs.timings(run.run_id) == {"3": 0.25, "4": 0.25}
        await client.runs.feedback(run.run_id, 0.9, "sharp")
        again = await client.runs.retry(run.run_id)
        assert (await client.runs.wait_for_completion(again)).ok
        with pytest.raises(FlowScaleConflictError):
            await client.runs.cancel(run.run_id)


async def test_a_signed_deployment_takes_what_the_client_signs(server, connected, kit):
    await server.serve(kit.WORKFLOW, kit.deployment("words", auth={"signed": True}))
    async with connected(signing_secret=server.owner) as client:
        assert (await client.runs.execute({"prompt": "ä ö"}, workflow_id="words")).ok
    async with connected() as client:
        with pytest.raises(FlowScaleAuthenticationError):
            await client.runs.execute_async({"prompt": "a"}, workflow_id="words")


async def test_files_arrive(server, connected, kit):
    await server.serve(kit.PHOTO_WORKFLOW, kit.deployment("photo", "photo"))
    async with connected() as client:
        run_id = await client.runs.execute_async({"image": io.BytesIO(kit.png())}, workflow_id="photo")
        run = await client.runs.get(run_id)
    assert (await server.client.get(run.inputs[0]["url"])).content == kit.png()


async def test_batches_keys_deployments_and_errors_are_understood(connected):
    async with connected() as client:
        runs = await client.runs.execute_batch([{"prompt": "a"}, {"prompt": "b"}], workflow_id="words")
        assert [run.ok for run in runs] == [True, True]
        made = await client.keys.create("site", scopes=["runs:read"])
        fresh = await client.keys.rotate(made.id)
        assert {key.id for key in await client.keys.list()} >= {made.id, fresh.id}
        await client.keys.revoke(fresh.id)
        assert [one.name for one in await client.deployments.list()] == ["words"]
        assert (await client.deployments.get("words")).status == "ready"
        assert (await client.openapi("words"))["openapi"] == "3.1.0"
        with pytest.raises(FlowScaleValidationError):
            await client.runs.execute_async({"steps": 99}, workflow_id="words")
        with pytest.raises(FlowScaleNotFoundError):
            await client.runs.get("nothing")
    async with connected(api_key=fresh.key) as client:
        with pytest.raises(FlowScaleAuthenticationError):
            await client.runs.list()
