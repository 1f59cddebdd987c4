"""Several users of one server: made by name without keys, one a key with them, and each with files of its own."""

import re

import httpx
import pytest

from flowscale_runtime.gateway.comfyui.people import user_of

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def shared(tmp_path_factory, kit):
    root = tmp_path_factory.mktemp("users")
    kit.lay(root)
    with kit.launched(root, "0", "users") as (server, _):
        yield server


@pytest.fixture
def open_(shared):
    with httpx.Client(base_url=shared.open_url, timeout=60, trust_env=False) as http:
        yield http


@pytest.fixture
def keyed(shared):
    headers = {"X-API-KEY": shared.key}
    with httpx.Client(base_url=f"{shared.url}/comfy", headers=headers, timeout=60, trust_env=False) as http:
        yield http


def made(http, name):
    reply = http.post("/users", json={"username": name})
    assert reply.status_code == 200, reply.text
    return {"comfy-user": reply.json()}


def test_users_are_made_and_named(open_):
    user = made(open_, "Ada Lovelace")["comfy-user"]
    assert open_.get("/api/users").json()["users"][user] == "Ada Lovelace"
    assert user.startswith("AdaLovelace_")


def test_a_name_is_taken_once(open_):
    made(open_, "twice")
    reply = open_.post("/users", json={"username": "twice"})
    assert (reply.status_code, reply.json()) == (400, {"error": "Duplicate username."})


@pytest.mark.parametrize("name", ["", "  ", "x" * 101])
def test_a_user_needs_a_name(open_, name):
    assert open_.post("/users", json={"username": name}).status_code == 400


def test_each_user_has_settings_and_files_of_its_own(open_):
    one, other = made(open_, "one"), made(open_, "other")
    open_.post("/settings/Comfy.Theme", json="dark", headers=one)
    open_.post("/userdata/notes%2Fa.txt", content=b"mine", headers=one)
    assert open_.get("/settings", headers=one).json() == {"Comfy.Theme": "dark"}
    assert open_.get("/settings", headers=other).json() == {}
    assert open_.get("/userdata/notes%2Fa.txt", headers=one).content == b"mine"
    assert open_.get("/userdata/notes%2Fa.txt", headers=other).status_code == 404


@pytest.mark.parametrize("headers", [{}, {"comfy-user": "../x"}, {"comfy-user": "nobody"}])
def test_a_request_of_nobody_is_refused(open_, headers):
    assert open_.get("/settings", headers=headers).status_code == 401
    assert open_.post("/userdata/a.txt", content=b"x", headers=headers).status_code == 401


def test_a_user_can_not_reach_into_another_ones_folder(open_):
    one, other = made(open_, "here"), made(open_, "there")
    open_.post("/userdata/a.txt", content=b"secret", headers=other)
    reply = open_.get(f"/userdata/..%2F{other['comfy-user']}%2Fa.txt", headers=one)
    assert reply.status_code in {403, 404}


def test_a_key_is_a_user_and_no_other(open_, keyed):
    stranger = made(open_, "stranger")
    [(user, _)] = keyed.get("/users").json()["users"].items()
    assert keyed.post("/settings/Comfy.Theme", json="light", headers={"comfy-user": user}).status_code == 200
    assert keyed.get("/settings").json() == {"Comfy.Theme": "light"}
    assert keyed.get("/settings", headers=stranger).status_code == 403
    assert keyed.post("/users", json={"username": "more"}).status_code == 400


def test_one_user_alone_stays_default(server):
    with httpx.Client(base_url=server.open_url, timeout=60, trust_env=False) as http:
        assert "users" not in http.get("/users").json()
        assert http.get("/settings", headers={"comfy-user": "anything"}).status_code == 200
        assert http.post("/users", json={"username": "more"}).status_code == 400


def test_an_identity_of_any_spelling_gets_a_folder_name():
    assert user_of("k-1_a") == "k-1_a"
    for odd in ("../other", "auth0|ada@example.com", "default", "a/b"):
        assert re.fullmatch(r"user-[0-9a-f]{32}", user_of(odd))
