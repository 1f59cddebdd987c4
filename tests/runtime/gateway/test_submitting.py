"""What arrives at POST /runs: every encoding that clients send, and the options beside the inputs."""

import base64
import gzip
import re
from dataclasses import replace

import orjson
import pytest

from flowscale_runtime.stores import outcomes

RUNS = "/api/v1/runs"


@pytest.fixture
async def photos(server, kit):
    """The server with one deployment whose input is a picture."""
    await server.serve(kit.PHOTO_WORKFLOW, kit.deployment("photo", "photo"))
    return server


async def shown(server, reply):
    assert reply.status_code == 200, reply.text
    return (await server.client.get(f"{RUNS}/{reply.json()['data']['run_id']}")).json()["data"]


async def inputs_of(server, reply):
    return {entry["path"]: entry["value"] for entry in (await shown(server, reply))["inputs"]}


async def test_a_form_starts_a_run(server):
    reply = await server.client.post(RUNS, data={"prompt": "a hare", "steps": "7"})
    body = reply.json()
    assert body["status"] == "success"
    data = body["data"]
    assert (data["status"], data["workflow_id"], data["node_errors"]) == ("queued", "words", {})
    assert data["number"] == 1
    first, second = data["output_names"]
    assert re.fullmatch(r"filename_prefix_3_[A-Z0-9]{10}", first)
    assert re.fullmatch(r"filename_prefix_4_[A-Z0-9]{10}", second)
    assert await inputs_of(server, reply) == {"default_value_1": "a hare", "default_value_2": 7}


async def test_names_of_the_graph_are_accepted_beside_aliases(server):
    reply = await server.client.post(RUNS, data={"default_value_1": "a hare"})
    assert (await inputs_of(server, reply))["default_value_1"] == "a hare"


async def test_json_may_hold_the_inputs_alone_or_with_options_beside_them(server):
    flat = await server.client.post(RUNS, json={"prompt": "one"})
    nested = await server.client.post(
        RUNS, json={"inputs": {"prompt": "two"}, "tags": ["a"], "priority": 3, "group_id": "g"}
    )
    assert (await inputs_of(server, flat))["default_value_1"] == "one"
    run = await shown(server, nested)
    assert (run["tags"], run["priority"], run["group_id"]) == (["a"], 3, "g")


async def test_no_body_and_no_content_type_are_an_empty_map(server):
    reply = await server.client.post(RUNS)
    assert "content-type" not in reply.request.headers
    assert await inputs_of(server, reply) == {"default_value_1": "a fox", "default_value_2": 20}


async def test_the_text_none_and_null_mean_nothing(server):
    for body in ({"data": {"steps": "None"}}, {"json": {"steps": None}}):
        reply = await server.client.post(RUNS, **body)
        assert (await inputs_of(server, reply))["default_value_2"] == 20


async def test_an_upload_without_type_and_extension_is_known_by_its_bytes(photos, kit):
    reply = await photos.client.post(RUNS, files={"image": ("image", kit.png(), "")})
    run = await shown(photos, reply)
    [entry] = run["inputs"]
    assert entry["value"] == "image"
    stored = await photos.client.get(entry["url"])
    assert stored.content == kit.png()
    assert stored.headers["content-type"] == "image/png"


async def test_a_data_url_given_as_text_is_a_file(photos, kit):
    url = f"data:image/png;base64,{base64.b64encode(kit.png()).decode()}"
    reply = await photos.client.post(RUNS, json={"inputs": {"image": url}})
    [entry] = (await shown(photos, reply))["inputs"]
    assert (await photos.client.get(entry["url"])).content == kit.png()


async def test_a_url_given_as_text_is_fetched(photos, kit):
    async def pictures(scope, receive, send):
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"image/png")]}
        )
        await send({"type": "http.response.body", "body": kit.png("blue")})

    async with kit.listening(pictures) as url:
        reply = await photos.client.post(RUNS, data={"image": f"{url}/cat.png"})
    [entry] = (await shown(photos, reply))["inputs"]
    assert entry["value"] == "cat.png"
    assert (await photos.client.get(entry["url"])).content == kit.png("blue")


async def test_a_url_that_answers_404_is_refused_with_its_status(photos, kit):
    async def nothing(scope, receive, send):
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async with kit.listening(nothing) as url:
        reply = await photos.client.post(RUNS, data={"image": f"{url}/cat.png"})
    assert reply.status_code == 422
    assert reply.json()["error"]["code"] == "INPUT_FETCH_FAILED"
    assert reply.json()["error"]["details"]["status"] == 404


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.com/a.png", "gopher://example.com"])
async def test_only_http_urls_are_fetched(photos, url):
    reply = await photos.client.post(RUNS, data={"image": url})
    assert (reply.status_code, reply.json()["error"]["code"]) == (422, "INPUT_FETCH_FAILED")


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "empty_file"), (b"not a picture", "invalid_image"), (b"\x89PNG\r\n\x1a\n\0\0", "invalid_image")],
)
async def test_files_that_are_no_pictures_are_refused(photos, content, reason):
    reply = await photos.client.post(RUNS, files={"image": ("cat.png", content, "image/png")})
    assert reply.status_code == 422
    details = reply.json()["error"]["details"]
    assert (details["field"], details["reason"]) == ("image", reason)


async def test_file_names_lead_nowhere(photos, kit):
    reply = await photos.client.post(RUNS, files={"image": ("../../etc/passwd.png", kit.png(), "image/png")})
    [entry] = (await shown(photos, reply))["inputs"]
    assert entry["value"] == "passwd.png"


async def test_a_required_file_that_is_missing_is_named(photos):
    reply = await photos.client.post(RUNS)
    assert reply.status_code == 422
    assert reply.json()["error"]["details"]["reason"] == "required"


async def test_wrong_inputs_are_all_named_with_field_reason_and_limit(server):
    reply = await server.client.post(RUNS, data={"steps": "99", "promt": "x"})
    body = reply.json()
    assert reply.status_code == 422
    assert body["status"] == "error"
    assert len(body["errors"]) == 1
    error = body["error"]
    assert error["code"] == "VALIDATION_ERROR"
    assert error["message"] == body["errors"][0]
    found = {(item["field"], item["reason"]): item for item in error["details"]["errors"]}
    assert found.keys() == {("steps", "exceeds_maximum"), ("promt", "unknown_input")}
    assert found["steps", "exceeds_maximum"]["limit"] == 50
    assert "prompt" in found["promt", "unknown_input"]["message"]


@pytest.mark.parametrize(
    ("content", "media_type", "status", "code"),
    [
        (b"{", "application/json", 400, "MALFORMED_BODY"),
        (b"[1]", "application/json", 400, "MALFORMED_BODY"),
        (b"null", "application/json", 400, "MALFORMED_BODY"),
        (b"[" * 100_000, "application/json", 400, "MALFORMED_BODY"),
        (b'{"prompt": "\xff"}', "application/json", 400, "MALFORMED_BODY"),
        (b"a=%FF", "application/x-www-form-urlencoded", 400, "MALFORMED_BODY"),
        (b"no pairs here", "application/x-www-form-urlencoded", 400, "MALFORMED_BODY"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x", 400, "MALFORMED_BODY"),
        (b"--x\r\n", "multipart/form-data", 400, "MALFORMED_BODY"),
        (b"prompt: a", "application/yaml", 415, "UNSUPPORTED_MEDIA_TYPE"),
        (gzip.compress(b"{}", mtime=0), "application/gzip", 415, "UNSUPPORTED_MEDIA_TYPE"),
    ],
)
async def test_bodies_that_cannot_be_read_are_refused(server, content, media_type, status, code):
    reply = await server.client.post(RUNS, content=content, headers={"content-type": media_type})
    assert (reply.status_code, reply.json()["error"]["code"]) == (status, code)
    assert (await server.client.post(RUNS)).status_code == 200


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"wait": "soon"}, "wait"),
        ({"wait": "-1"}, "wait"),
        ({"wait": "nan"}, "wait"),
        ({"priority": "1e9"}, "priority"),
        ({"ttl": "0"}, "ttl"),
        ({"group_id": "g" * 2001}, "group_id"),
        ({"webhook": "ftp://example.com"}, "webhook"),
        ({"webhook": "not a url"}, "webhook"),
    ],
)
async def test_options_are_read_strictly(server, options, field):
    reply = await server.client.post(RUNS, params=options)
    assert reply.status_code == 400
    assert (reply.json()["error"]["code"], reply.json()["error"]["details"]["field"]) == (
        "INVALID_PARAMETER",
        field,
    )


async def test_options_come_in_the_query_too(server):
    reply = await server.client.post(RUNS, params={"group_id": "g", "tags": "a, b", "priority": "-2"})
    run = await shown(server, reply)
    assert (run["group_id"], run["tags"], run["priority"]) == ("g", ["a", "b"], -2)


async def test_a_higher_priority_goes_first(server):
    low = await server.submit()
    high = (await server.client.post(RUNS, params={"priority": "5"})).json()["data"]
    assert [run.run_id for run in await server.claim(2)] == [high["run_id"], low["run_id"]]


async def test_a_run_that_waits_longer_than_its_ttl_times_out(server):
    reply = await server.client.post(RUNS, params={"ttl": "5"})
    server.clock.ahead = 6
    change = await server.state.database.write(outcomes.expire, server.clock())
    server.state.bus.publish(change.events)
    run = await shown(server, reply)
    assert (run["status"], run["error"]["code"]) == ("timed_out", "TTL_EXPIRED")


async def test_the_deployment_is_named_by_query_json_or_host(server, kit):
    await server.serve(kit.WORKFLOW, kit.deployment("one", "words"), kit.deployment("two", "words"))
    replies = [
        await server.client.post(RUNS, params={"workflow_id": "two"}),
        await server.client.post(RUNS, json={"inputs": {}, "workflow_id": "two"}),
        await server.client.post(RUNS, headers={"host": "two.flowscale.test"}),
    ]
    assert [reply.json()["data"]["workflow_id"] for reply in replies] == ["two", "two", "two"]


async def test_without_a_name_and_with_several_deployments_the_choices_are_told(server, kit):
    await server.serve(kit.WORKFLOW, kit.deployment("one", "words"), kit.deployment("two", "words"))
    error = (await server.client.post(RUNS)).json()["error"]
    assert error["code"] == "VALIDATION_ERROR"
    assert error["details"]["choices"] == ["one", "two"]


async def test_a_deployment_that_is_not_there_is_404(server):
    reply = await server.client.post(RUNS, params={"workflow_id": "nothing"})
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "NOT_FOUND")


async def test_traffic_sticks_to_the_caller_and_follows_the_weights(server):
    catalog = server.state.served.catalog
    spec = catalog.deployments["words"]
    [version] = spec.versions
    both = (replace(version, version="2.0.0", percent=50.0), replace(version, percent=50.0))
    split = replace(spec, versions=both)
    server.state.served.catalog = replace(catalog, deployments={"words": split})
    chosen = {split.choose(f"caller-{number}").version for number in range(50)}
    assert chosen == {"1.0.0", "2.0.0"}
    versions = {(await shown(server, await server.client.post(RUNS)))["version"] for _ in range(3)}
    assert len(versions) == 1


async def test_deep_json_in_an_input_is_refused_or_kept_but_never_a_fault(server):
    deep = "[" * 900 + "]" * 900
    reply = await server.client.post(
        RUNS, content=b'{"prompt": ' + deep.encode() + b"}", headers={"content-type": "application/json"}
    )
    assert reply.status_code in {400, 422}


async def test_replies_are_json_with_a_request_id(server):
    reply = await server.client.post(RUNS, headers={"x-request-id": "mine"})
    assert reply.headers["x-request-id"] == "mine"
    assert reply.headers["content-type"] == "application/json"
    assert orjson.loads(reply.content)["status"] == "success"


async def test_until_it_is_known_what_is_served_a_submission_is_to_come_again(server):
    server.state.served.ready = False
    reply = await server.client.post("/api/v1/runs", data={"prompt": "a fox"})
    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "NOT_READY")
    assert reply.headers["retry-after"] == "1"
