"""What the editor asks at its start, its settings and its files."""

import uuid

import pytest

pytestmark = pytest.mark.services


@pytest.mark.parametrize("prefix", ["", "/api"])
@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/features", dict),
        ("/users", dict),
        ("/system_stats", dict),
        ("/settings", dict),
        ("/i18n", dict),
        ("/extensions", list),
        ("/object_info", dict),
        ("/global_subgraphs", dict),
        ("/node_replacements", dict),
        ("/workflow_templates", dict),
        ("/experiment/models", list),
        ("/models", list),
        ("/embeddings", list),
        ("/jobs", dict),
        ("/queue", dict),
        ("/prompt", dict),
        ("/history", dict),
        ("/internal/logs/raw", dict),
        ("/internal/folder_paths", dict),
    ],
)
async def test_the_routes_of_the_start_answer(client, prefix, path, kind):
    assert isinstance(await client.get(prefix + path), kind)


async def test_the_facts_of_the_machine_have_all_their_names(client):
    stats = await client.get("/system_stats")
    assert stats["system"].keys() >= {
        *("os", "ram_total", "ram_free", "comfyui_version", "required_frontend_version", "python_version"),
        *("pytorch_version", "embedded_python", "argv", "deploy_environment"),
    }
    [device] = stats["devices"]
    assert device.keys() == {
        *("name", "type", "index", "vram_total", "vram_free", "torch_vram_total", "torch_vram_free"),
    }


async def test_the_nodes_are_all_of_the_environment_and_come_once(client):
    reply = await client.http.get("/object_info")
    known = reply.json()
    assert {"SaveImage", "LoadImage", "TestSteps"} <= known.keys()
    assert known["TestShow"]["output_node"] is True
    again = await client.http.get("/object_info", headers={"if-none-match": reply.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert await client.get("/object_info/TestSteps") == {"TestSteps": known["TestSteps"]}
    assert await client.get("/object_info/Nonsense") == {}


async def test_models_of_an_unknown_kind_are_not_there(client):
    for path in (
        "/models/nonsense",
        "/experiment/models/nonsense",
        "/view_metadata/%2e%2e?filename=x.safetensors",
    ):
        assert (await client.http.get(path)).status_code == 404


async def test_assets_are_off(client):
    reply = await client.http.get("/api/assets")
    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "SERVICE_DISABLED")


async def test_a_route_that_is_not_there_says_so_in_comfyuis_shape(client):
    reply = await client.http.get("/nonsense")
    assert (reply.status_code, reply.json()["error"]["type"]) == (404, "not_found")


async def test_settings_are_kept_one_by_one_and_together(client):
    name = f"Test.{uuid.uuid4().hex}"
    assert await client.get(f"/settings/{name}") is None
    assert (await client.http.post(f"/api/settings/{name}", json=[1, "a"])).status_code == 200
    await client.http.post("/settings", json={f"{name}.more": True})
    assert await client.get(f"/settings/{name}") == [1, "a"]
    settings = await client.get("/settings")
    assert (settings[name], settings[f"{name}.more"]) == ([1, "a"], True)


async def test_files_of_the_user_are_kept_listed_moved_and_removed(client):
    folder = uuid.uuid4().hex
    path = f"/userdata/{folder}%2Fone.json"
    assert (await client.http.get(path)).status_code == 404
    assert (await client.http.post(path, content=b"{}")).json() == f"{folder}/one.json"
    assert (await client.http.post(path, content=b"[]", params={"overwrite": "false"})).status_code == 409
    facts = (await client.http.post(path, content=b"[1]", params={"full_info": "true"})).json()
    assert (facts["path"], facts["size"]) == (f"{folder}/one.json", 3)
    reply = await client.http.get(path)
    assert (reply.content, reply.headers["content-disposition"][:10]) == (b"[1]", "attachment")
    moved = await client.http.post(f"{path}/move/{folder}%2Fdeep%2Ftwo.json")
    assert moved.json() == f"{folder}/deep/two.json"
    assert await client.get("/userdata", dir=folder, recurse="true") == ["deep/two.json"]
    assert await client.get("/userdata", dir=folder) == []
    split = await client.get("/userdata", dir=folder, recurse="true", split="true")
    assert split == [["deep/two.json", "deep", "two.json"]]
    [full] = await client.get("/userdata", dir=folder, recurse="true", full_info="true")
    assert (full["path"], full["size"]) == ("deep/two.json", 3)
    listed = (await client.http.get("/v2/userdata", params={"path": folder})).json()
    assert listed == [{"name": "deep", "path": f"{folder}/deep", "type": "directory"}]
    assert (await client.http.delete(f"/userdata/{folder}%2Fdeep%2Ftwo.json")).status_code == 204
    assert (await client.http.delete(f"/userdata/{folder}%2Fdeep%2Ftwo.json")).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/userdata", 400),
        ("GET", "/userdata?dir=missing", 404),
        ("GET", "/userdata?dir=..%2F..", 403),
        ("GET", "/userdata/..%2F..%2F..%2Fowner.key", 403),
        ("POST", "/userdata/..%2F..%2Fx", 403),
        ("DELETE", "/userdata/..%2F..%2Fx", 403),
        ("GET", "/v2/userdata?path=..", 403),
        ("POST", "/users", 400),
        ("GET", "/internal/files/secrets", 400),
    ],
)
async def test_what_the_editor_may_not(client, method, path, status):
    assert (await client.http.request(method, path)).status_code == status
