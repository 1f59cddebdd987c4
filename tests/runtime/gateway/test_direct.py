"""Files past the gateway: links lead to the bucket, and what callers put there is looked at before anybody may use it."""

import hashlib
from dataclasses import replace

import httpx
import pytest
from sqlalchemy import select

from flowscale_runtime.gateway.files import asked_for
from flowscale_runtime.stores.buckets import BucketObjects
from flowscale_runtime.stores.direct import Direct
from flowscale_runtime.stores.tables import holdings, ledger

pytestmark = pytest.mark.services
UPLOADS = "/api/v1/uploads"


@pytest.fixture
async def outside():
    """Somebody without a key or credentials."""
    async with httpx.AsyncClient() as client:
        yield client


@pytest.fixture
async def photos(server, kit, s3_server, tmp_path, monkeypatch):
    """A gateway over a bucket that callers reach."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    url = s3_server.url(tmp_path.name)
    objects = BucketObjects(url, tmp_path / "cache")
    server.state = server.app.state.gateway = replace(server.state, objects=objects, direct=Direct(url))
    server.state.sources._objects = objects
    await server.serve(kit.PHOTO_WORKFLOW, kit.deployment("photo", "photo"))
    return server


async def announced(server, data, **more):
    wanted = {"size": len(data), "filename": "cat.png", "direct": True, **more}
    reply = await server.client.post(UPLOADS, json=wanted)
    assert reply.status_code == 201, reply.text
    return reply.json()["data"]


async def held(server):
    query = select(holdings.c.object)
    return await server.state.database.read(lambda connection: connection.execute(query).scalars().all())


async def test_a_link_leads_to_the_bucket_and_what_is_asked_for_is_metered(photos, kit, outside):
    sent = await photos.client.post(UPLOADS, content=kit.png())
    link = sent.json()["data"]["url"]
    reply = await photos.client.get(link, headers=photos.as_(None))
    assert (reply.status_code, reply.content) == (307, b"")
    assert (await outside.get(reply.headers["location"])).content == kit.png()
    head = await photos.client.head(link)
    assert (await outside.head(head.headers["location"])).headers["content-length"] == str(len(kit.png()))
    await photos.client.get(link, headers={"range": "bytes=0-9"})
    await photos.state.meter.flush()
    query = select(ledger.c.bytes)
    counted = await photos.state.database.read(lambda connection: connection.execute(query).scalar())
    assert counted == len(kit.png()) + 10
    small = await photos.client.get(link, params={"preview": "png;64"})
    assert (small.status_code, small.headers["content-type"]) == (200, "image/png")
    photos.state.objects.delete(sent.json()["data"]["reference"][:64])
    assert (await photos.client.get(link)).status_code == 404


async def test_an_upload_goes_to_the_bucket_and_becomes_an_input_when_it_was_looked_at(photos, kit, outside):
    place = await announced(photos, kit.png(), sha256=hashlib.sha256(kit.png()).hexdigest())
    assert place["methods"] == ["PUT"]
    early = await photos.client.post(place["finish_url"])
    assert (early.status_code, early.json()["error"]["code"]) == (409, "UPLOAD_CONFLICT")
    assert (await outside.put(place["upload_url"], content=kit.png())).status_code == 200
    assert await held(photos) == []
    data = (await photos.client.post(place["finish_url"], headers=photos.as_(None))).json()["data"]
    assert (data["content_type"], data["size"]) == ("image/png", len(kit.png()))
    assert (await photos.client.post(place["finish_url"])).json()["data"] == data
    run = await photos.submit(image=data["reference"])
    assert run["status"] == "queued"


async def test_nothing_that_is_sent_later_changes_what_was_looked_at(photos, kit, outside):
    place = await announced(photos, kit.png())
    await outside.put(place["upload_url"], content=kit.png())
    data = (await photos.client.post(place["finish_url"])).json()["data"]
    await outside.put(place["upload_url"], content=kit.png("blue"))
    assert (await photos.client.post(place["finish_url"])).json()["data"] == data
    name = data["reference"][:64]
    photos.state.objects._drop(photos.state.objects._file(name))
    assert photos.state.objects.get(name) == kit.png()


@pytest.mark.parametrize(
    ("sent", "more", "reason"),
    [
        (b"x" * 50, {}, "other_size"),
        (b"x" * 99, {}, "other_size"),
        (b"y" * 70, {"sha256": hashlib.sha256(b"x" * 70).hexdigest()}, "other_content"),
    ],
)
async def test_what_was_not_announced_is_dropped(photos, outside, sent, more, reason):
    place = await announced(photos, b"x" * 70, **more)
    await outside.put(place["upload_url"], content=sent)
    reply = await photos.client.post(place["finish_url"])
    assert (reply.status_code, reply.json()["error"]["details"]["reason"]) == (422, reason)
    assert (await photos.client.post(place["finish_url"])).status_code == 409
    assert await held(photos) == []


async def test_what_is_no_image_is_refused_as_one(photos, outside):
    text = b"no picture at all"
    place = await announced(photos, text, content_type="image/png")
    await outside.put(place["upload_url"], content=text)
    data = (await photos.client.post(place["finish_url"])).json()["data"]
    reply = await photos.client.post("/api/v1/runs", data={"image": data["reference"]})
    assert (reply.status_code, reply.json()["error"]["details"]["reason"]) == (422, "invalid_image")


@pytest.mark.parametrize("wanted", [{"direct": False}, {"size": (5 << 30) + 1}])
async def test_what_the_bucket_cannot_take_goes_through_the_gateway(photos, wanted):
    place = await announced(photos, b"x", **wanted)
    assert ("finish_url" in place, place["methods"]) == (False, ["PUT", "PATCH", "HEAD"])
    assert (await photos.client.post(place["upload_url"])).status_code == 409


async def test_bytes_for_the_bucket_are_not_taken_here(photos):
    place = await announced(photos, b"x")
    assert (await photos.client.put(place["finish_url"], content=b"x")).status_code == 409


async def test_a_hash_that_was_announced_holds_through_the_gateway_too(server, kit):
    wanted = {"size": 3, "sha256": hashlib.sha256(b"abc").hexdigest(), "direct": True}
    place = (await server.client.post(UPLOADS, json=wanted)).json()["data"]
    reply = await server.client.put(place["upload_url"], content=b"abd")
    assert (reply.status_code, reply.json()["error"]["details"]["reason"]) == (422, "other_content")


@pytest.mark.parametrize(
    ("range_", "bytes_"),
    [
        ("", 100),
        ("bytes=0-9", 10),
        ("bytes=90-", 10),
        ("bytes=90-500", 10),
        ("bytes=-5", 5),
        ("bytes=-500", 100),
        ("bytes=100-", 0),
        ("bytes=-", 100),
        ("bytes=0-1,5-6", 100),
        ("lines=1-2", 100),
    ],
)
def test_what_a_range_asks_for(range_, bytes_):
    assert asked_for(range_, 100) == bytes_
