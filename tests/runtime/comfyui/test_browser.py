"""The real editor in a real browser: signing in, a template, an edit, a prompt, its progress, its picture."""

import json
import os
import re

import httpx
import pytest
from PIL import Image

from harness.browser import booted, chromium

pytestmark = [pytest.mark.services, pytest.mark.timeout(900)]
TEMPLATE = "utility_interpolation_image_upscale"


@pytest.fixture
async def page(server):
    """A page of the browser, signed in to the editor with the owner's key."""
    async with chromium() as browser:
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(120_000)
        await page.goto(f"{server.url}/editor")
        await page.fill("#key", server.key)
        await page.click("button")
        await booted(page)
        yield page


async def test_a_template_is_loaded_edited_run_and_shown(server, page, kit):
    await add_a_node(page)
    output = server.data / "comfyui" / "output"
    before, heard = set(output.rglob("*.png")), list[str]()
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append(frame)))
    upload(server, kit.png("red", (16, 12)))
    await page.reload()
    await booted(page)
    await load(page)
    await page.evaluate(
        """() => {
            const named = (type) => app.graph.nodes.find((node) => node.type === type)
            named('LoadImage').widgets.find((one) => one.name === 'image').value = 'photo.png'
            named('ImageScaleBy').widgets.find((one) => one.name === 'scale_by').value = 2
        }"""
    )
    await page.get_by_test_id("queue-button").click()
    await page.wait_for_function(
        "Object.values(app.nodeOutputs).some((one) => one.images?.some((image) => image.type === 'output'))"
    )
    told = [json.loads(frame)["type"] for frame in heard if isinstance(frame, str)]
    assert {"status", "execution_start", "progress_state", "executing", "executed"} <= set(told)
    await page.wait_for_function(
        "app.graph.nodes.some((one) => one.imgs?.length && one.type === 'SaveImage')"
    )
    sizes = await page.evaluate(
        "app.graph.nodes.find((one) => one.type === 'SaveImage').imgs.map((i) => [i.naturalWidth, i.naturalHeight])"
    )
    assert sizes == [[32, 24]]
    [saved] = set(output.rglob("*.png")) - before
    with Image.open(saved) as picture:
        assert "ImageScaleBy" in picture.info["workflow"]
    if folder := os.environ.get("FLOWSCALE_SCREENSHOTS"):
        await page.screenshot(path=f"{folder}/editor.png")


def upload(server, data: bytes) -> None:
    """Puts the photo that the template shall work on into the input folder."""
    files = {"image": ("photo.png", data, "image/png")}
    reply = httpx.post(
        f"{server.open_url}/upload/image", files=files, data={"overwrite": "true"}, trust_env=False
    )
    assert reply.json()["name"] == "photo.png"


async def add_a_node(page) -> None:
    """Adds a node with the mouse and the keyboard."""
    welcome = page.get_by_role("dialog")  # of a first visit
    await welcome.wait_for()
    await page.keyboard.press("Escape")
    await welcome.wait_for(state="hidden")
    await page.evaluate("app.graph.clear()")
    await page.mouse.dblclick(640, 450)
    await page.get_by_role("combobox", name="Add a node").fill("ImageInvert")
    await page.get_by_role("option", selected=True).filter(has_text="Invert").wait_for()
    await page.keyboard.press("Enter")
    await page.wait_for_function("app.graph.nodes.length === 1")
    assert await page.evaluate("app.graph.nodes[0].type") == "ImageInvert"


async def load(page) -> None:
    """Picks the template in the editor's own dialog, which opens by itself at a first visit."""
    search = page.get_by_placeholder(re.compile("Search")).first
    if not await search.is_visible():
        await page.get_by_role("button", name="Templates", exact=True).click()
    await search.fill("interpolation image upscale")
    await page.get_by_test_id(f"template-workflow-{TEMPLATE}").click()
    await page.wait_for_function("app.graph.nodes.some((one) => one.type === 'ImageScaleBy')")
