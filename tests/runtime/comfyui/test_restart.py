"""What is left of prompts when the server dies."""

import asyncio

import httpx
import pytest

pytestmark = pytest.mark.services


async def test_prompts_and_history_survive_the_death_of_the_server(tmp_path, kit):
    graph = {
        "1": {"class_type": "TestWait", "inputs": {"path": str(tmp_path / "go")}},
        "2": {"class_type": "TestShow", "inputs": {"text": ["1", 0]}},
    }
    kit.lay(tmp_path)
    with kit.launched(tmp_path) as (server, process):
        async with httpx.AsyncClient(base_url=server.open_url, timeout=60, trust_env=False) as http:
            client = kit.Client(http, server.open_url, "me")
            ended, _ = await client.run(kit.WORKFLOW)
            ears = await client.listen()
            ids = [(await client.post(graph))["prompt_id"] for _ in range(2)]
            await ears.until("executing", node="1", prompt_id=ids[0])
            process.kill()
            await asyncio.to_thread(process.wait)
    with kit.launched(tmp_path) as (server, _):
        async with httpx.AsyncClient(base_url=server.open_url, timeout=60, trust_env=False) as http:
            client = kit.Client(http, server.open_url, "me")
            assert (await client.get("/prompt"))["exec_info"]["queue_remaining"] == 2
            assert (await client.history(ended))["outputs"] == {"2": {"text": ["1 steps"]}}
            ears = await client.listen()
            (tmp_path / "go").touch()
            await ears.until_end(ids[0])
            await ears.until_end(ids[1])
            assert list(await client.get("/history")) == [ended, *ids]
            await client.close()
