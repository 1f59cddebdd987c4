"""A bucket that callers reach themselves: addresses that anybody may use, and places that nobody else reads."""

import time

import httpx
import pytest

from flowscale_runtime.processes.opening import WrongAddress, open_direct
from flowscale_runtime.stores import direct as module
from flowscale_runtime.stores.buckets import BucketObjects
from flowscale_runtime.stores.direct import Direct
from flowscale_runtime.stores.errors import NotFound, Unavailable

pytestmark = pytest.mark.services


@pytest.fixture
def bucket(s3_server, tmp_path, monkeypatch):
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    return s3_server.url(tmp_path.name)


@pytest.fixture
def direct(bucket):
    return Direct(bucket)


async def pieces(direct, upload):
    return b"".join([piece async for piece in direct.read(upload)])


async def test_an_address_gives_an_object_to_anybody_with_its_type(direct, bucket, tmp_path):
    (tmp_path / "picture").write_bytes(b"pixels")
    name = BucketObjects(bucket, tmp_path / "cache").put_file(tmp_path / "picture", None, "image/png")
    async with httpx.AsyncClient() as anybody:
        whole = await anybody.get(await direct.link(name))
        part = await anybody.get(await direct.link(name), headers={"range": "bytes=1-2"})
        head = await anybody.head(await direct.link(name, "HEAD"))
        bare = await anybody.get((await direct.link(name)).partition("?")[0])
        changed = await anybody.put(await direct.link(name), content=b"mine")
    assert (whole.content, whole.headers["content-type"]) == (b"pixels", "image/png")
    assert (part.status_code, part.content, head.headers["content-length"]) == (206, b"ix", "6")
    assert (bare.status_code, changed.status_code) == (403, 403)
    assert await direct.size(name) == 6


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", ""])
async def test_what_a_browser_would_run_is_only_downloaded(direct, bucket, tmp_path, kind):
    (tmp_path / "page").write_bytes(kind.encode() + b"<script>")
    name = BucketObjects(bucket, tmp_path / "cache").put_file(tmp_path / "page", None, kind)
    async with httpx.AsyncClient() as anybody:
        reply = await anybody.get(await direct.link(name))
    assert reply.headers["content-type"] == "application/octet-stream"


async def test_callers_reach_the_bucket_by_their_own_endpoint(bucket, s3_server):
    outside = Direct(bucket, f"http://localhost:{s3_server.port}")
    place = await outside.place("one")
    assert place.startswith(f"http://localhost:{s3_server.port}/")
    async with httpx.AsyncClient() as anybody:
        assert (await anybody.put(place, content=b"hello")).status_code == 200
    assert (await outside.arrived("one"), await pieces(outside, "one")) == (5, b"hello")


async def test_what_was_answered_takes_the_place_of_the_bytes(direct):
    async with httpx.AsyncClient() as anybody:
        await anybody.put(await direct.place("two"), content=b"hello")
    assert await direct.answer("two") is None
    await direct.note("two", {"reference": "x"})
    assert await direct.answer("two") == {"reference": "x"}
    with pytest.raises(NotFound):
        await direct.arrived("two")


async def test_what_nobody_went_on_with_is_removed(direct, bucket, monkeypatch):
    async with httpx.AsyncClient() as anybody:
        await anybody.put(await direct.place("three"), content=b"hello")
    await direct.sweep()
    assert await direct.arrived("three") == 5
    later = time.time() + module.KEPT + 1
    monkeypatch.setattr(module.time, "time", lambda: later)
    await direct.sweep()
    with pytest.raises(NotFound):
        await direct.arrived("three")


async def test_a_store_that_is_away_is_said_to_be(bucket, monkeypatch):
    monkeypatch.setattr("flowscale_runtime.stores.buckets.RETRY", {"max_retries": 0})
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(Unavailable):
        await Direct(bucket).arrived("four")


@pytest.mark.parametrize(
    ("objects", "how", "said"),
    [
        ("/srv/objects", "yes", "isn't a bucket"),
        ("file:///srv", "yes", "isn't a bucket"),
        ("gs://studio", "https://files.example.com", "with S3 alone"),
        ("s3://studio", "files.example.com", "isn't the address"),
    ],
)
def test_a_store_that_callers_cannot_reach_is_refused_at_the_start(objects, how, said):
    with pytest.raises(WrongAddress, match=said):
        open_direct(objects, how)


@pytest.mark.parametrize("how", ["", "no", "false"])
def test_files_go_through_the_gateway_unless_said(how):
    assert open_direct("s3://studio", how) is None
