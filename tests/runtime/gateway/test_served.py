"""The whole of one machine: a served folder, real host processes, real files, over real connections."""

import asyncio
import io
import json
import zipfile

import httpx
import orjson
import pytest
from PIL import Image
from standardwebhooks import Webhook
from websockets.asyncio.client import connect

from flowscale_runtime.gateway.app import create_app
from flowscale_runtime.wiring import Settings, running

pytestmark = [pytest.mark.services, pytest.mark.timeout(180)]
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
async def api(tmp_path, kit):
    """A client of a server that serves the deployments `words` and `photo`, both of which tell a receiver."""
    folder, data, came = tmp_path / "specs", tmp_path / "data", asyncio.Queue()
    (data / "secrets").mkdir(parents=True)
    (data / "secrets" / "HOOKS_STUDIO").touch(mode=0o600)
    (data / "secrets" / "HOOKS_STUDIO").write_text(SECRET)
    folder.mkdir()
    (folder / "words.json").write_bytes(orjson.dumps(kit.GRAPH))
    (folder / "photo.json").write_bytes(orjson.dumps(kit.PHOTO))

    async def receiver(scope, receive, send):
        body = (await receive())["body"]
        came.put_nowait(({name.decode(): value.decode() for name, value in scope["headers"]}, body))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    settings = Settings(folder, data, workers=1, grace=2.0, allow_private_urls=True)
    app = create_app(lambda app: running(app, settings))
    async with kit.listening(receiver) as hook:
        hooks = [{"url": hook, "secret": {"secret": "hooks/studio"}}]
        documents = [
            kit.WORKFLOW,
            kit.PHOTO_WORKFLOW,
            kit.deployment("words", webhooks=hooks),
            kit.deployment("photo", "photo"),
        ]
        (folder / "specs.yaml").write_text("\n---\n".join(documents))
        async with kit.listening(app, "on") as url, httpx.AsyncClient(base_url=url, timeout=60) as client:
            while (await client.get("/readyz")).status_code != 200:
                await asyncio.sleep(0.05)
            client.headers["x-api-key"] = (data / "owner.key").read_text().strip()
            client.came = came
            yield client


async def test_a_photo_goes_in_and_comes_out_in_every_way_that_a_client_may_take(api, kit):
    picture = kit.png("blue", (40, 30))
    query = {"workflow_id": "photo", "wait": "60"}
    uploaded = (await api.post("/api/v1/uploads", content=picture)).json()["data"]["reference"]
    replies = [
        await api.post("/api/v1/runs", params=query, files={"image": ("image", picture)}),
        await api.post("/api/v1/runs", params=query, json={"image": uploaded}),
    ]
    for reply in replies:
        run = reply.json()["data"]
        assert run["status"] == "completed", run["error"]
        [output] = run["outputs"]
        content = (await api.get(output["url"])).content
        with Image.open(io.BytesIO(content)) as made:
            assert (made.size, made.convert("RGB").getpixel((0, 0))) == ((40, 30), (0, 0, 255))
        assert output["filename"].startswith(run["output_names"][0])
    archive = await api.get(f"/api/v1/runs/{run['run_id']}/outputs.zip")
    with zipfile.ZipFile(io.BytesIO(archive.content)) as opened:
        assert opened.read(output["filename"]) == content


async def test_events_socket_timings_and_webhook_tell_the_same_run(api):
    token = (await api.post("/api/v1/tokens")).json()["data"]["token"]
    run_id = (
        await api.post("/api/v1/runs", params={"workflow_id": "words"}, data={"prompt": "a hare"})
    ).json()["data"]["run_id"]
    socket = str(api.base_url).replace("http", "ws").rstrip("/") + f"/api/v1/ws?token={token}"
    async with asyncio.timeout(60), connect(socket, proxy=None) as line:
        await line.send(
            json.dumps({"type": "client_event", "data": {"action": "subscribe", "runId": run_id}})
        )
        status = None
        while status != "completed":
            status = json.loads(await line.recv())["data"]["status"]
        headers, body = await api.came.get()
    said = Webhook(SECRET).verify(body, headers)
    assert (said["event_type"], said["data"]["run_id"]) == ("run.completed", run_id)
    story = (await api.get(f"/api/v1/runs/{run_id}/events")).text
    kinds = [line.removeprefix("event: ") for line in story.splitlines() if line.startswith("event: ")]
    assert kinds == ["queued", "started", "output", "output", "completed"]
    timings = (await api.get(f"/api/v1/runs/{run_id}/timings")).json()["data"]
    assert {"3", "4"} <= timings.keys()
    run = (await api.get(f"/api/v1/runs/{run_id}")).json()["data"]
    texts = {(await api.get(output["url"])).text for output in run["outputs"]}
    assert texts == {"a hare", "20"}


async def test_a_batch_is_computed_and_deployments_show_their_hosts(api):
    batch = (
        await api.post(
            "/api/v1/runs/batch",
            params={"workflow_id": "words"},
            json={"inputs": [{"prompt": "a"}, {"prompt": "b"}]},
        )
    ).json()["data"]
    async with asyncio.timeout(60):
        while (shown := (await api.get(f"/api/v1/runs/batch/{batch['batch_id']}")).json()["data"])[
            "status"
        ] in {"queued", "running"}:
            await asyncio.sleep(0.05)
    assert (shown["status"], shown["counts"]) == ("completed", {"completed": 2})
    deployment = (await api.get("/api/v1/deployments/words")).json()["data"]
    assert [host["status"] for host in deployment["hosts"]] == ["idle"]
    assert (await api.get("/docs")).status_code == 200
    assert "Inputs.words" in (await api.get("/api/v1/openapi.json")).json()["components"]["schemas"]
