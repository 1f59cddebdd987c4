"""The bytes behind links: ranges, caching, thumbnails, and links that are forged or too old."""

import io

import pytest
from PIL import Image


@pytest.fixture
async def link(server, kit):
    """The URL of a picture of 800 x 600."""
    picture = kit.png("red", (800, 600))
    run = await server.run(server.gave(("3", picture), kind="image/png", extension=".png"))
    return run["outputs"][0]["url"]


async def test_a_file_is_whole_cacheable_and_guarded(server, link, kit):
    reply = await server.client.get(link, headers=server.as_(None))
    assert reply.content == kit.png("red", (800, 600))
    headers = reply.headers
    assert (headers["content-type"], headers["x-content-type-options"]) == ("image/png", "nosniff")
    assert headers["cache-control"] == "private, max-age=31536000, immutable"
    assert headers["content-disposition"].startswith("inline; filename*=UTF-8''filename_prefix_3_")
    assert "sandbox" in headers["content-security-policy"]


async def test_ranges_give_parts(server, link, kit):
    whole = kit.png("red", (800, 600))
    part = await server.client.get(link, headers={"range": "bytes=10-19"})
    tail = await server.client.get(link, headers={"range": "bytes=-5"})
    beyond = await server.client.get(link, headers={"range": f"bytes={len(whole)}-"})
    assert (part.status_code, part.content) == (206, whole[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole)}"
    assert tail.content == whole[-5:]
    assert beyond.status_code == 416


async def test_an_etag_that_is_known_saves_the_bytes(server, link):
    etag = (await server.client.get(link)).headers["etag"]
    again = await server.client.get(link, headers={"if-none-match": etag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)


async def test_head_tells_size_and_type_alone(server, link, kit):
    reply = await server.client.head(link)
    assert (reply.content, int(reply.headers["content-length"])) == (b"", len(kit.png("red", (800, 600))))


@pytest.mark.parametrize(
    ("wanted", "format_", "size"),
    [("webp", "WEBP", (512, 384)), ("jpeg;256", "JPEG", (256, 192)), ("png;64", "PNG", (64, 48))],
)
async def test_previews_are_small_pictures(server, link, wanted, format_, size):
    reply = await server.client.get(link, params={"preview": wanted})
    with Image.open(io.BytesIO(reply.content)) as image:
        assert (image.format, image.size) == (format_, size)


async def test_previews_that_cannot_be_are_refused(server, link):
    assert (await server.client.get(link, params={"preview": "bmp"})).status_code == 400
    assert (await server.client.get(link, params={"preview": "webp;1"})).status_code == 400
    text = (await server.run())["outputs"][0]["url"]
    assert (await server.client.get(text, params={"preview": "webp"})).status_code == 404


async def test_links_of_the_same_hour_are_equal_so_that_caches_hold_them(server):
    run = await server.run()
    again = (await server.client.get(f"/api/v1/runs/{run['run_id']}")).json()["data"]
    assert again["outputs"][0]["url"] == run["outputs"][0]["url"]


async def test_a_link_expires(server, link):
    server.clock.ahead = 26 * 3600
    reply = await server.client.get(link)
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "NOT_FOUND")
    assert "expired" in reply.json()["errors"][0]


async def test_a_forged_link_is_404(server, link):
    head, _, signature = link.rpartition(".")
    for forged in (
        f"{head}.{'A' * len(signature)}",
        link + "x",
        "/api/v1/files/nothing",
        "/api/v1/files/a.b",
    ):
        assert (await server.client.get(forged)).status_code == 404


async def test_what_a_browser_would_run_is_downloaded(server):
    run = await server.run(server.gave(("3", b"<script>"), kind="text/html", extension=".html"))
    reply = await server.client.get(run["outputs"][0]["url"])
    assert reply.headers["content-disposition"].startswith("attachment;")


async def test_an_object_that_is_gone_is_404(server, link):
    for path in (server.folder.parent / "objects").rglob("*"):
        if path.is_file():
            path.unlink()
    assert (await server.client.get(link)).status_code == 404
