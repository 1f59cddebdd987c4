"""Uploading, masks, and viewing files, none of which may leave the folders or run in a browser."""

import io
import json
import uuid

import pytest
from PIL import Image, PngImagePlugin

pytestmark = pytest.mark.services


async def upload(client, name, data, route="/upload/image", **fields):
    return await client.http.post(route, files={"image": (name, data)}, data=fields)


async def picture(client, **query):
    reply = await client.http.get("/view", params=query)
    assert reply.status_code == 200, reply.text
    return reply.headers["content-type"], Image.open(io.BytesIO(reply.content))


async def test_an_upload_keeps_its_name_and_can_be_viewed(client, kit):
    name = f"{uuid.uuid4().hex}.png"
    reply = await upload(client, name, kit.png("blue"), subfolder="sub")
    assert reply.json() == {"name": name, "subfolder": "sub", "type": "input"}
    kind, image = await picture(client, filename=name, subfolder="sub", type="input")
    assert (kind, image.getpixel((0, 0))) == ("image/png", (0, 0, 255))


async def test_the_same_bytes_are_reused_and_others_get_a_number(client, kit):
    stem = uuid.uuid4().hex
    names = [
        (await upload(client, f"{stem}.png", kit.png(colour))).json()["name"]
        for colour in ("red", "red", "blue", "green", "blue")
    ]
    assert names == [f"{stem}.png", f"{stem}.png", f"{stem} (1).png", f"{stem} (2).png", f"{stem} (1).png"]


async def test_an_upload_that_overwrites_keeps_the_name(client, kit):
    name = f"{uuid.uuid4().hex}.png"
    await upload(client, name, kit.png("red"))
    reply = await upload(client, name, kit.png("lime"), overwrite="true")
    assert reply.json()["name"] == name
    _, image = await picture(client, filename=name, type="input")
    assert image.getpixel((0, 0)) == (0, 255, 0)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("x.png", {"subfolder": "../.."}),
        ("x.png", {"subfolder": "/etc"}),
        ("../x.png", {}),
    ],
)
async def test_an_upload_can_not_leave_its_folder(client, kit, name, fields):
    reply = await upload(client, name, kit.png(), **fields)
    assert reply.status_code == 400


async def test_an_upload_without_a_file_is_refused(client):
    reply = await client.http.post("/upload/image", files={"other": ("x.png", b"x")})
    assert reply.status_code == 400


async def test_an_uploaded_picture_can_be_loaded_by_its_name(client, kit):
    name, prefix = f"{uuid.uuid4().hex}.png", uuid.uuid4().hex
    await upload(client, name, kit.png((1, 2, 3)))
    graph = {
        "1": {"class_type": "LoadImage", "inputs": {"image": name}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": prefix}},
    }
    prompt_id, _ = await client.run(graph)
    [shown] = (await client.history(prompt_id))["outputs"]["2"]["images"]
    _, image = await picture(client, **shown)
    assert image.getpixel((0, 0)) == (1, 2, 3)
    again = {
        "1": {"class_type": "LoadImageOutput", "inputs": {"image": f"{shown['filename']} [output]"}},
        "2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
    }
    prompt_id, _ = await client.run(again)
    [shown] = (await client.history(prompt_id))["outputs"]["2"]["images"]
    assert shown["type"] == "temp"


async def test_a_picture_that_is_not_there_is_an_error_of_its_node(client):
    graph = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "missing.png"}},
        "2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
    }
    refused = await client.refused(graph)
    assert refused["node_errors"]["1"]["errors"][0]["type"] == "custom_validation_failed"


async def test_the_editor_is_offered_what_was_uploaded(client, kit):
    before = (await client.http.get("/object_info")).headers["etag"]
    name = f"{uuid.uuid4().hex}.png"
    await upload(client, name, kit.png())
    kind, options = (await client.get("/object_info/LoadImage"))["LoadImage"]["input"]["required"]["image"]
    assert kind == "COMBO"
    assert name in options["options"]
    assert (await client.http.get("/object_info")).headers["etag"] != before


async def test_a_mask_is_laid_over_the_original_which_keeps_its_texts(client, kit):
    texts = PngImagePlugin.PngInfo()
    texts.add_text("workflow", "{}")
    name = f"{uuid.uuid4().hex}.png"
    await upload(client, name, kit.png((9, 9, 9), pnginfo=texts))
    reference = json.dumps({"filename": name, "type": "input", "subfolder": ""})
    painted = kit.png((0, 0, 0, 40), mode="RGBA")
    reply = await upload(
        client, f"mask-{name}", painted, "/upload/mask", original_ref=reference, subfolder="clipspace"
    )
    assert reply.json() == {"name": f"mask-{name}", "subfolder": "clipspace", "type": "input"}
    _, image = await picture(client, filename=f"mask-{name}", subfolder="clipspace", type="input")
    assert image.getpixel((0, 0)) == (9, 9, 9, 40)
    assert image.text == {"workflow": "{}"}


@pytest.mark.parametrize("reference", ["", "[]", "{}", '{"filename": "gone.png"}', '{"filename": "../x"}'])
async def test_a_mask_needs_its_original(client, kit, reference):
    reply = await upload(client, "m.png", kit.png(), "/upload/mask", original_ref=reference)
    assert reply.status_code == 400


async def test_a_preview_is_lighter_and_channels_come_alone(client, kit):
    name = f"{uuid.uuid4().hex}.png"
    await upload(client, name, kit.png((10, 20, 30, 128), mode="RGBA"))
    shown = {"filename": name, "type": "input"}
    kind, image = await picture(client, **shown, preview="webp;90")
    assert (kind, image.format) == ("image/webp", "WEBP")
    kind, image = await picture(client, **shown, preview="jpeg;50")
    assert (kind, image.format) == ("image/jpeg", "JPEG")
    _, image = await picture(client, **shown, channel="rgb")
    assert image.getpixel((0, 0)) == (10, 20, 30)
    _, image = await picture(client, **shown, channel="a")
    assert image.getpixel((0, 0))[3] == 128


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 400),
        ({"filename": "../secret", "type": "input"}, 400),
        ({"filename": "/etc/passwd"}, 400),
        ({"filename": "x", "subfolder": "../.."}, 403),
        ({"filename": "x", "type": "elsewhere"}, 400),
        ({"filename": "missing.png"}, 404),
        ({"filename": "missing.png [temp]"}, 404),
        ({"filename": "nul\0l"}, 400),
    ],
)
async def test_what_can_not_be_viewed(client, query, status):
    assert (await client.http.get("/view", params=query)).status_code == status


@pytest.mark.parametrize("name", ["x.html", "x.svg", "x.js", "x.xml", "x.xhtml"])
async def test_what_a_browser_would_run_is_downloaded(client, name):
    name = f"{uuid.uuid4().hex}-{name}"
    await upload(client, name, b"<script>1</script>")
    reply = await client.http.get("/view", params={"filename": name, "type": "input"})
    assert reply.headers["content-disposition"].startswith("attachment")
    assert reply.headers["x-content-type-options"] == "nosniff"
    drawn = await client.http.get(
        "/view", params={"filename": name, "type": "input"}, headers={"sec-fetch-dest": "image"}
    )
    expected = "inline" if name.endswith(".svg") else "attachment"
    assert drawn.headers["content-disposition"].startswith(expected)


async def test_what_is_no_picture_has_no_preview(client):
    name = f"{uuid.uuid4().hex}.txt"
    await upload(client, name, b"words")
    reply = await client.http.get("/view", params={"filename": name, "type": "input", "preview": "webp"})
    assert reply.status_code == 400


async def test_a_part_of_a_file_can_be_had(client):
    name = f"{uuid.uuid4().hex}.bin"
    await upload(client, name, b"0123456789")
    reply = await client.http.get(
        "/view", params={"filename": name, "type": "input"}, headers={"range": "bytes=2-4"}
    )
    assert (reply.status_code, reply.content) == (206, b"234")


async def test_the_newest_files_come_first(client):
    names = [f"{uuid.uuid4().hex}.bin" for _ in range(2)]
    for name in names:
        await upload(client, name, name.encode())
    listed = await client.get("/internal/files/input")
    assert {f"{name} [input]" for name in names} <= set(listed)
