"""Runs on ComfyUI servers that restart, refuse, are away, or answer what they shouldn't."""

import asyncio
import logging

import pytest

from flowscale_runtime.engines.comfyui.errors import NoServer, Refused
from flowscale_runtime.engines.comfyui.host import ComfyUIHost
from flowscale_runtime.engines.comfyui.servers import Servers
from flowscale_runtime.engines.errors import HostDied
from flowscale_runtime.engines.values import Environment
from harness import comfyui

GRAPH = {"1": {"class_type": "Any", "inputs": {}, "_meta": {"title": "The one"}}}
JOB = {"graph": GRAPH, "targets": ["1"], "extra": {"run_id": "run-1"}}
NOBODY = "http://127.0.0.1:9"
DONE = ("execution_start", {"timestamp": 1000}), ("execution_success", {"timestamp": 3500})


@pytest.fixture
async def server():
    async with comfyui.running() as there:
        yield there


@pytest.fixture
async def host(tmp_path, server):
    made = await started(tmp_path, [server.url])
    yield made
    await made.close()


async def started(tmp_path, urls, patience=5):
    (tmp_path / "inputs").mkdir(exist_ok=True)
    environment = Environment("env-test", comfyui=tuple(urls))
    host = ComfyUIHost(environment, tmp_path, tmp_path / "inputs", Servers(patience))
    await host.start()
    return host


def running(host, job=JOB):
    told = []
    task = asyncio.create_task(host.run(job, lambda head, blob: told.append((head, blob))))
    task.told = told
    return task


async def test_a_run_has_the_time_that_the_server_took_and_the_files_of_its_targets(host, server):
    server.outputs = {
        "1": {"images": [{"filename": "a.txt", "subfolder": "x", "type": "output"}]},
        "9": {"images": [{"filename": "b.txt", "subfolder": "", "type": "output"}]},
    }
    run = running(host)
    await server.end(await server.given(1), *DONE)
    result = await run
    assert (result["status"], result["seconds"]) == ("completed", 2.5)
    (output,) = result["outputs"]
    assert (output["node_id"], output["content_type"], output["size"]) == ("1", "text/plain", 18)
    assert server.url in host.log()


async def test_progress_and_previews_are_told_as_ours(host, server):
    run = running(host)
    prompt = await server.given(1)
    await server.say(prompt, "executing", node="1", display_node="1")
    await server.sockets[prompt].send_bytes(b"\0\0\0\1\0\0\0\1jpeg")
    await server.say(prompt, "progress", node="1", value=1, max=2)
    await server.end(prompt, *DONE)
    result = await run
    assert [head["type"] for head, _ in run.told][:2] == ["progress", "preview"]
    assert [blob for head, blob in run.told if head["type"] == "preview"] == [b"jpeg"]
    assert result["timings"].keys() == {"1"}


async def test_a_server_that_restarts_and_forgets_gets_the_prompt_again_under_its_id(host, server):
    run = running(host)
    first = await server.given(1)
    await server.restart()
    assert await server.given(2) == first
    await server.end(first, *DONE)
    assert (await run)["status"] == "completed"


async def test_a_server_that_forgets_again_and_again_fails_the_attempt(host, server):
    run = running(host)
    for posts in (1, 2, 3):
        await server.given(posts)
        await server.restart()
    with pytest.raises(HostDied, match="forgotten the prompt 3 times"):
        await run


async def test_a_run_that_ended_while_the_connection_was_lost_is_not_run_again(host, server):
    run = running(host)
    prompt = await server.given(1)
    await server.end(prompt, *DONE, tell=False)
    await server.drop()
    assert (await run)["status"] == "completed"
    assert server.posted == [prompt]


async def test_a_full_queue_is_waited_for(host, server):
    server.busy = 2
    run = running(host)
    await server.end(await server.given(1), *DONE)
    assert (await run)["status"] == "completed"


async def test_a_prompt_whose_answer_got_lost_is_not_posted_again(host, server):
    server.silent = 1
    run = running(host)
    prompt = await server.given(1)
    await server.end(prompt, *DONE, tell=False)
    await server.drop()
    assert (await run)["status"] == "completed"
    assert server.posted == [prompt]


async def test_a_graph_that_the_server_refuses_fails_with_its_words(host, server):
    node = {"errors": [{"message": "Value not in list", "details": "ckpt: x"}], "class_type": "Any"}
    server.invalid = {"error": {"message": "invalid", "details": ""}, "node_errors": {"1": node}}
    error = (await running(host))["error"]
    assert error["code"] == "INVALID_GRAPH"
    assert error["message"] == "Any (node 1): Value not in list: ckpt: x"


async def test_a_node_that_fails_is_told_with_title_and_traceback(host, server):
    run = running(host)
    failed = {
        "node_id": "1",
        "node_type": "Any",
        "exception_message": "no memory\n",
        "exception_type": "torch.OutOfMemoryError",
        "traceback": ["line 1\n", "line 2\n"],
    }
    await server.end(await server.given(1), DONE[0], ("execution_error", failed))
    error = (await run)["error"]
    assert error["message"] == "The one (node 1): no memory"
    assert error["details"]["exception_type"] == "torch.OutOfMemoryError"
    assert host.log().endswith("line 1\nline 2")


async def test_an_interrupted_run_is_interrupted_on_the_server(host, server):
    run = running(host)
    prompt = await server.given(1)
    host.interrupt()
    assert (await run)["status"] == "interrupted"
    assert prompt not in server.prompts


async def test_a_run_that_nobody_waits_for_any_more_is_stopped_on_the_server(host, server):
    run = running(host)
    prompt = await server.given(1)
    host.kill()
    with pytest.raises(HostDied):
        await run
    await host.close()
    assert prompt not in server.prompts


async def test_a_run_that_has_no_server_yet_ends_at_once_when_interrupted(tmp_path):
    host = await started(tmp_path, [NOBODY], patience=60)
    run = running(host)
    await asyncio.sleep(0)
    host.interrupt()
    assert (await run)["status"] == "interrupted"
    await host.close()


async def test_a_pool_gives_a_run_to_the_server_with_the_shortest_queue(tmp_path, server):
    async with comfyui.running() as other:
        other.waiting = 4
        host = await started(tmp_path, [NOBODY, other.url, server.url])
        run = running(host)
        await server.end(await server.given(1), *DONE)
        assert (await run)["status"] == "completed"
        await host.close()


async def test_two_runs_of_a_worker_never_share_a_server(server):
    servers = Servers(patience=0.3)
    async with servers.one([server.url]):
        with pytest.raises(NoServer, match="all compute runs of this worker"):
            async with servers.one([server.url]):
                pass
    async with servers.one([server.url]) as again:
        assert again.url == server.url


async def test_where_no_server_answers_each_is_named(tmp_path):
    host = await started(tmp_path, [NOBODY], patience=0.1)
    with pytest.raises(NoServer, match=NOBODY):
        await running(host)
    with pytest.raises(NoServer, match=NOBODY):
        await host.definitions
    await host.close()


async def test_something_else_than_comfyui_is_named_so(tmp_path, server):
    host = await started(tmp_path, [server.url])
    with pytest.raises(Refused, match=r"/object_info with 404"):
        await host.definitions
    await host.close()


@pytest.mark.parametrize("name", ["../../evil.txt", "/etc/evil.txt"])
async def test_a_file_name_that_leads_out_of_the_folder_is_refused(host, server, tmp_path, name):
    server.outputs = {"1": {"images": [{"filename": name, "subfolder": "", "type": "output"}]}}
    run = running(host)
    await server.end(await server.given(1), *DONE)
    with pytest.raises(Refused, match="outside of its folder"):
        await run
    assert not list(tmp_path.rglob("evil.txt"))


async def test_lost_connections_are_logged(host, server, caplog):
    with caplog.at_level(logging.WARNING):
        run = running(host)
        prompt = await server.given(1)
        await server.drop()
        await asyncio.sleep(0.3)
        await server.end(prompt, *DONE, tell=False)
        await server.drop()
        await run
    assert "was lost" in caplog.text
