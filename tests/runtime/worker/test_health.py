"""A worker answers probes: alive at once, ready when it is; whatever else is asked is unknown."""

import asyncio
from collections.abc import Callable

import httpx
import pytest

from flowscale_runtime.worker.health import answering


@pytest.fixture
def address(free_port: Callable[[], int]) -> str:
    return f"127.0.0.1:{free_port()}"


async def test_a_worker_is_alive_before_it_is_ready(address: str) -> None:
    ready = asyncio.Event()
    async with answering(address, ready.is_set), httpx.AsyncClient(base_url=f"http://{address}") as client:
        assert [(await client.get(path)).status_code for path in ("/healthz", "/readyz")] == [200, 503]
        ready.set()
        assert (await client.get("/readyz")).status_code == 200
        assert (await client.get("/runs")).status_code == 404
        assert (await client.post("/readyz")).status_code == 404


async def test_a_caller_that_says_nothing_harms_nobody(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowscale_runtime.worker.health.PATIENCE", 0.05)
    async with answering(address, lambda: True), httpx.AsyncClient(base_url=f"http://{address}") as client:
        reader, writer = await asyncio.open_connection(*address.split(":"))
        assert await reader.read() == b""
        writer.close()
        assert (await client.get("/healthz")).text == "OK\n"


async def test_without_an_address_nothing_listens() -> None:
    async with answering("", lambda: True):
        assert asyncio.all_tasks() == {asyncio.current_task()}
