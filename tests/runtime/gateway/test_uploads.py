"""Files ahead of a run: whole, as a form, and piece by piece."""

import asyncio
from dataclasses import replace

import pytest

UPLOADS = "/api/v1/uploads"


@pytest.fixture
async def photos(server, kit):
    await server.serve(kit.PHOTO_WORKFLOW, kit.deployment("photo", "photo"))
    return server


async def announced(server, data, **more):
    reply = await server.client.post(UPLOADS, json={"size": len(data), "filename": "cat.png", **more})
    assert reply.status_code == 201, reply.text
    assert reply.headers["location"] == reply.json()["data"]["upload_url"]
    return reply.json()["data"]["upload_url"]


async def patch(server, url, data, offset):
    return await server.client.patch(
        url, content=data, headers={"upload-offset": str(offset), "x-api-key": ""}
    )


async def test_bytes_become_a_reference_that_is_an_input(photos, kit):
    reply = await photos.client.post(UPLOADS, content=kit.png(), params={"filename": "cat"})
    data = reply.json()["data"]
    assert (data["content_type"], data["size"], data["filename"]) == ("image/png", len(kit.png()), "cat")
    assert data["reference"].endswith(".png")
    run = await photos.submit(image=data["reference"])
    shown = (await photos.client.get(f"/api/v1/runs/{run['run_id']}")).json()["data"]
    assert (await photos.client.get(shown["inputs"][0]["url"])).content == kit.png()


async def test_knowing_the_name_of_another_projects_upload_gives_no_right_to_it(photos, kit):
    reference = (await photos.client.post(UPLOADS, content=kit.png())).json()["data"]["reference"]
    rival = photos.as_(await photos.key("owner", project="rival"))
    name = photos.state.objects.put(kit.png("blue"))  # the rival's own, as far as the store goes
    for stolen in (reference, f"{name}.png"):
        spec = photos.state.served.catalog.deployments["photo"]
        photos.state.served.catalog = replace(
            photos.state.served.catalog, deployments={"photo": replace(spec, project="rival")}
        )
        reply = await photos.client.post("/api/v1/runs", data={"image": stolen}, headers=rival)
        assert (reply.status_code, reply.json()["error"]["details"]["reason"]) == (422, "unknown_upload")
    mine = (await photos.client.post(UPLOADS, content=kit.png(), headers=rival)).json()["data"]["reference"]
    assert mine == reference
    reply = await photos.client.post("/api/v1/runs", data={"image": mine}, headers=rival)
    assert reply.status_code == 200


async def test_a_form_with_one_file_does_the_same(photos, kit):
    whole = await photos.client.post(UPLOADS, content=kit.png())
    form = await photos.client.post(UPLOADS, files={"file": ("cat.png", kit.png(), "image/png")})
    assert form.json()["data"]["reference"] == whole.json()["data"]["reference"]
    assert form.json()["data"]["filename"] == "cat.png"


async def test_a_form_without_exactly_one_file_is_refused(photos, kit):
    two = await photos.client.post(UPLOADS, files={"a": ("a", kit.png()), "b": ("b", kit.png())})
    none = await photos.client.post(UPLOADS, files={"a": (None, "text")})
    assert [two.status_code, none.status_code] == [422, 422]


async def test_an_empty_file_is_refused(photos):
    reply = await photos.client.post(UPLOADS, content=b"")
    assert (reply.status_code, reply.json()["error"]["details"]["reason"]) == (422, "empty_file")


async def test_pieces_make_a_file(photos, kit):
    data = kit.png()
    url = await announced(photos, data)
    first = await patch(photos, url, data[:20], 0)
    assert (first.status_code, first.headers["upload-offset"]) == (204, "20")
    head = await photos.client.head(url, headers=photos.as_(None))
    assert (head.headers["upload-offset"], head.headers["upload-length"]) == ("20", str(len(data)))
    last = await patch(photos, url, data[20:], 20)
    answer = last.json()["data"]
    assert (answer["filename"], answer["size"], answer["content_type"]) == ("cat.png", len(data), "image/png")
    assert (await photos.submit(image=answer["reference"]))["status"] == "queued"


async def test_the_answer_is_given_again_when_it_got_lost(photos, kit):
    data = kit.png()
    url = await announced(photos, data)
    first = await patch(photos, url, data, 0)
    again = await patch(photos, url, b"", len(data))
    assert again.json() == first.json()
    assert (await photos.client.head(url)).headers["upload-offset"] == str(len(data))


async def test_put_sends_all_at_once_and_begins_anew(photos, kit):
    data = kit.png()
    url = await announced(photos, data)
    await patch(photos, url, b"garbage", 0)
    reply = await photos.client.put(url, content=data, headers=photos.as_(None))
    assert reply.json()["data"]["size"] == len(data)


async def test_a_piece_that_does_not_continue_the_upload_is_a_conflict(photos, kit):
    data = kit.png()
    url = await announced(photos, data)
    await patch(photos, url, data[:20], 0)
    for offset in (0, 19, 21):
        reply = await patch(photos, url, data[20:], offset)
        assert (reply.status_code, reply.json()["error"]["code"]) == (409, "UPLOAD_CONFLICT")
        assert reply.json()["error"]["details"]["offset"] == 20


async def test_two_writers_at_once_do_not_mix(photos, kit):
    data = kit.png() * 50
    url = await announced(photos, data)

    async def slowly():
        yield data[:100]
        await asyncio.sleep(0.05)
        yield data[100:200]

    first = asyncio.create_task(patch(photos, url, slowly(), 0))
    await asyncio.sleep(0.02)
    second = await patch(photos, url, data[:200], 0)
    assert (second.status_code, (await first).headers["upload-offset"]) == (409, "200")


async def test_more_than_was_announced_is_refused(photos, kit):
    url = await announced(photos, b"four")
    reply = await patch(photos, url, b"fifth", 0)
    assert (reply.status_code, reply.json()["error"]["details"]["limit"]) == (413, 4)


@pytest.mark.parametrize("offset", ["", "x", "-1", "9" * 20])
async def test_a_piece_says_where_it_begins(photos, offset):
    url = await announced(photos, b"four")
    reply = await photos.client.patch(url, content=b"a", headers={"upload-offset": offset})
    assert (reply.status_code, reply.json()["error"]["details"]["field"]) == (400, "Upload-Offset")


async def test_links_of_uploads_cannot_be_made_up_and_expire(photos, kit):
    url = await announced(photos, b"four")
    assert (await photos.client.put(f"{UPLOADS}/nothing", content=b"a")).status_code == 404
    assert (await photos.client.put(url[:-3] + "AAA", content=b"four")).status_code == 404
    photos.clock.ahead = 25 * 3600
    assert (await photos.client.put(url, content=b"four")).status_code == 404


@pytest.mark.parametrize(
    "sent", [{}, {"size": 0}, {"size": 1 << 60}, {"size": 4, "filename": ""}, {"size": 4, "to": "/"}]
)
async def test_announcements_are_read_strictly(photos, sent):
    assert (await photos.client.post(UPLOADS, json=sent)).status_code == 422


async def test_a_reference_that_nobody_uploaded_is_refused(photos):
    reply = await photos.client.post("/api/v1/runs", data={"image": "0" * 64 + ".png"})
    assert (reply.status_code, reply.json()["error"]["details"]["reason"]) == (422, "unknown_upload")


async def test_uploading_needs_the_right_to_execute(photos, kit):
    viewer = await photos.key("viewer")
    reply = await photos.client.post(UPLOADS, content=kit.png(), headers=photos.as_(viewer))
    assert (reply.status_code, reply.json()["error"]["details"]["scope"]) == (403, "runs:execute")
