"""A real Chromium, driven headless: Debian's, found by its name, or the one that FLOWSCALE_CHROMIUM names."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, async_playwright

ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage", "--no-first-run")
READY = """window.app?.extensionManager && app.graph && app.canvas
    && Object.keys(window.LiteGraph?.registered_node_types ?? {}).length > 50"""


def program() -> str:
    """Where the browser is; without one a test fails in CI and is skipped elsewhere."""
    found = (
        os.environ.get("FLOWSCALE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    if found is None:
        missing = "no Chromium: install Debian's `chromium`, or name one in FLOWSCALE_CHROMIUM"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser until the block ends."""
    path = program()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS), headless=True)
        try:
            yield browser
        finally:
            await browser.close()


async def booted(page: Page) -> None:
    """Waits until the editor's canvas can be used."""
    await page.wait_for_function(READY, timeout=240_000)
