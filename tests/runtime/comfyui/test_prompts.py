"""Posting prompts: what runs, what is refused and in which words, what the history says."""

import uuid

import pytest

pytestmark = pytest.mark.services
IMAGE = {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 6, "batch_size": 1, "color": 255}}


def saved(prefix, **more):
    return {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": prefix, **more}}


def steps(salt, count=1):
    return {
        "1": {"class_type": "TestSteps", "inputs": {"count": count, "salt": salt}},
        "2": {"class_type": "TestShow", "inputs": {"text": ["1", 0]}},
    }


async def test_a_prompt_runs_and_its_pictures_can_be_viewed(client):
    prefix = uuid.uuid4().hex
    prompt_id, _ = await client.run({"1": IMAGE, "2": saved(prefix)})
    entry = await client.history(prompt_id)
    assert entry["outputs"] == {
        "2": {"images": [{"filename": f"{prefix}_00001_.png", "subfolder": "", "type": "output"}]}
    }
    assert entry["status"]["status_str"] == "success"
    assert entry["status"]["completed"] is True
    assert [message[0] for message in entry["status"]["messages"]] == [
        "execution_start",
        "execution_cached",
        "execution_success",
    ]
    assert entry["meta"]["2"] == {
        "node_id": "2",
        "display_node": "2",
        "parent_node": None,
        "real_node_id": "2",
    }
    number, id_, graph, extra, targets = entry["prompt"]
    assert (id_, graph, targets) == (prompt_id, {"1": IMAGE, "2": saved(prefix)}, ["2"])
    assert isinstance(number, int)
    assert extra["client_id"] == client.id
    assert isinstance(extra["create_time"], int)
    reply = await client.http.get("/view", params=entry["outputs"]["2"]["images"][0])
    assert (reply.status_code, reply.headers["content-type"]) == (200, "image/png")
    assert reply.content.startswith(b"\x89PNG")


async def test_names_are_numbered_on_from_prompt_to_prompt(client):
    prefix = uuid.uuid4().hex
    names = []
    for colour in (1, 2, 3):
        image = {**IMAGE, "inputs": {**IMAGE["inputs"], "color": colour}}
        prompt_id, _ = await client.run({"1": image, "2": saved(f"sub/{prefix}")})
        names += (await client.history(prompt_id))["outputs"]["2"]["images"]
    assert [(name["filename"], name["subfolder"]) for name in names] == [
        (f"{prefix}_0000{number}_.png", "sub") for number in (1, 2, 3)
    ]
    views = [(await client.http.get("/view", params=name)).content for name in names]
    assert len(set(views)) == 3


async def test_the_same_prompt_again_is_cached_and_shows_the_same_files(client):
    graph = {"1": IMAGE, "2": saved(uuid.uuid4().hex)}
    first, _ = await client.run(graph)
    again, heard = await client.run(graph)
    assert (await client.history(first))["outputs"] == (await client.history(again))["outputs"]
    [cached] = [data for kind, data in heard if kind == "execution_cached"]
    assert sorted(cached["nodes"]) == ["1", "2"]


async def test_the_outputs_of_a_prompt_are_also_a_run_of_the_rest_api(client, server):
    prompt_id, _ = await client.run({"1": IMAGE, "2": saved(uuid.uuid4().hex)})
    reply = await client.http.get(f"{server.url}/api/v1/runs/{prompt_id}", headers={"x-api-key": server.key})
    run = reply.json()["data"]
    assert (run["status"], run["workflow_id"], len(run["outputs"])) == ("completed", "comfyui", 1)
    assert run["outputs"][0]["metadata"]["type"] == "output"


async def test_a_prompt_id_of_the_client_is_kept_and_taken_once(client):
    wanted = str(uuid.uuid4())
    prompt_id, _ = await client.run(steps(wanted), prompt_id=wanted)
    assert prompt_id == wanted
    refused = await client.refused(steps(wanted), prompt_id=wanted)
    assert refused["error"]["type"] == "invalid_prompt_id"


@pytest.mark.parametrize("prompt_id", ["nonsense", "A" * 8 + "-0000-0000-0000-000000000000", 7, "0" * 32, ""])
async def test_a_prompt_id_must_be_a_canonical_uuid(client, prompt_id):
    refused = await client.refused(steps("x"), prompt_id=prompt_id)
    assert refused["error"]["type"] == "invalid_prompt_id"
    assert refused["node_errors"] == {}


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({}, 400, "no_prompt"),
        ({"prompt": []}, 400, "no_prompt"),
        ({"prompt": {}}, 400, "prompt_no_outputs"),
        ({"prompt": {"1": IMAGE}}, 400, "prompt_no_outputs"),
        ({"prompt": {"1": {"inputs": {}}}}, 400, "missing_node_type"),
        ({"prompt": {"1": {"class_type": "Nonsense", "inputs": {}}}}, 400, "missing_node_type"),
        ({"prompt": steps("x"), "partial_execution_targets": []}, 400, "prompt_no_outputs"),
        ({"prompt": {"2": saved("x")}}, 400, "prompt_outputs_failed_validation"),
    ],
)
async def test_refusals_name_their_reason(client, body, status, kind):
    reply = await client.http.post("/prompt", json=body)
    assert (reply.status_code, reply.json()["error"]["type"]) == (status, kind)
    assert reply.json()["error"].keys() == {"type", "message", "details", "extra_info"}


async def test_a_body_that_is_no_json_is_refused(client):
    reply = await client.http.post("/prompt", content=b"{")
    assert reply.status_code == 400
    assert reply.json()["error"]["type"] == "malformed_body"


async def test_errors_of_nodes_say_which_input_and_which_outputs(client):
    graph = {"1": {**IMAGE, "inputs": {**IMAGE["inputs"], "width": -1}}, "2": saved("x")}
    refused = await client.refused(graph)
    found = refused["node_errors"]["1"]
    assert found["class_type"] == "EmptyImage"
    assert found["dependent_outputs"] == ["2"]
    assert found["errors"][0]["type"] == "value_smaller_than_min"
    assert found["errors"][0]["extra_info"]["input_name"] == "width"


async def test_valid_outputs_run_beside_invalid_ones(client):
    graph = {"1": IMAGE, "2": saved(uuid.uuid4().hex), "3": {**saved("y"), "inputs": {"images": ["1", 7]}}}
    ears = await client.listen()
    answer = await client.post(graph)
    await ears.until_end(answer["prompt_id"])
    assert list(answer["node_errors"]) == ["3"]
    entry = await client.history(answer["prompt_id"])
    assert (list(entry["outputs"]), entry["prompt"][4]) == (["2"], ["2"])


async def test_only_the_wanted_outputs_run(client):
    graph = {"1": IMAGE, "2": saved(uuid.uuid4().hex), "3": saved(uuid.uuid4().hex)}
    prompt_id, _ = await client.run(graph, partial_execution_targets=["3"])
    assert list((await client.history(prompt_id))["outputs"]) == ["3"]


async def test_keys_in_the_extra_data_reach_nodes_and_nothing_else(client, server):
    key = uuid.uuid4().hex
    graph = {
        "1": {"class_type": "TestSecret", "inputs": {}},
        "2": {"class_type": "TestShow", "inputs": {"text": ["1", 0]}},
    }
    extra = {"api_key_comfy_org": key, "extra_pnginfo": {"workflow": {"id": "flow-1"}}}
    prompt_id, _ = await client.run(graph, extra_data=extra)
    entry = await client.history(prompt_id)
    assert entry["outputs"]["2"]["text"] == [f"{key} flow-1"]
    assert entry["prompt"][3]["extra_pnginfo"] == extra["extra_pnginfo"]
    assert "api_key_comfy_org" not in entry["prompt"][3]
    kept = [path for path in (server.data / "objects").rglob("*") if path.is_file()]
    bundles = [path for path in kept if b'"traced"' in path.read_bytes()]
    assert bundles
    assert not any(key.encode() in path.read_bytes() for path in bundles)


async def test_every_route_is_there_under_api_too(client):
    reply = await client.http.post("/api/prompt", json={"prompt": steps("api"), "client_id": client.id})
    assert reply.status_code == 200
    assert "queue_running" in await client.get("/api/queue")


async def test_an_unknown_prompt_has_no_history(client):
    assert await client.get(f"/history/{uuid.uuid4()}") == {}


async def test_the_history_comes_oldest_first_and_in_parts(client):
    ids = [(await client.run(steps(uuid.uuid4().hex)))[0] for _ in range(3)]
    everything = list(await client.get("/history"))
    assert everything[-3:] == ids
    assert list(await client.get("/history", max_items=2)) == ids[-2:]
    assert list(await client.get("/history", max_items=2, offset=len(everything) - 3)) == ids[:2]


async def test_the_history_forgets_what_it_shall(client):
    first, second = [(await client.run(steps(uuid.uuid4().hex)))[0] for _ in range(2)]
    assert (await client.http.post("/history", json={"delete": [first]})).status_code == 200
    assert await client.get(f"/history/{first}") == {}
    assert second in await client.get("/history")
    await client.http.post("/history", json={"clear": True})
    assert await client.get("/history") == {}
    third, _ = await client.run(steps(uuid.uuid4().hex))
    assert list(await client.get("/history")) == [third]
