"""Pages of other origins: each deployment says which may call it."""

import pytest

RUNS = "/api/v1/runs"
APP, OTHER = "https://app.example.com", "https://other.example.com"


@pytest.fixture
async def pages(server, kit):
    await server.serve(
        kit.WORKFLOW,
        kit.deployment("one", "words", cors={"origins": [APP], "headers": ["X-Mine"], "maxAge": "60s"}),
        kit.deployment("two", "words", cors={"origins": [OTHER], "credentials": True}),
    )
    return server


async def ask(server, origin, path=RUNS, method="POST", **options):
    """A browser's question before it sends: it carries no key."""
    headers = {
        "origin": origin,
        "access-control-request-method": method,
        "x-api-key": "",
        **options.pop("headers", {}),
    }
    return await server.client.options(path, headers=headers, **options)


async def test_the_deployment_that_is_named_decides(pages):
    allowed = await ask(pages, APP, params={"workflow_id": "one"})
    refused = await ask(pages, APP, params={"workflow_id": "two"})
    assert (allowed.status_code, refused.status_code) == (204, 403)
    headers = allowed.headers
    assert headers["access-control-allow-origin"] == APP
    assert {"x-api-key", "idempotency-key", "x-mine"} <= set(
        headers["access-control-allow-headers"].split(", ")
    )
    assert "DELETE" in headers["access-control-allow-methods"]
    assert headers["access-control-max-age"] == "60"
    assert "access-control-allow-origin" not in refused.headers


async def test_the_host_names_a_deployment_too(pages):
    replies = [await ask(pages, APP, headers={"host": f"{name}.flowscale.test"}) for name in ("one", "two")]
    assert [reply.status_code for reply in replies] == [204, 403]


async def test_a_run_belongs_to_its_deployment(pages):
    run = (await pages.client.post(RUNS, params={"workflow_id": "two"})).json()["data"]["run_id"]
    path = f"{RUNS}/{run}"
    assert [(await ask(pages, origin, path, "GET")).status_code for origin in (APP, OTHER)] == [403, 204]
    shown = await pages.client.get(path, headers={"origin": OTHER})
    hidden = await pages.client.get(path, headers={"origin": APP})
    assert shown.headers["access-control-allow-origin"] == OTHER
    assert shown.headers["access-control-allow-credentials"] == "true"
    assert "retry-after" in shown.headers["access-control-expose-headers"]
    assert shown.headers["vary"] == "origin"
    assert "access-control-allow-origin" not in hidden.headers


async def test_what_names_no_deployment_is_open_to_pages_of_any(pages):
    for origin, status in ((APP, 204), (OTHER, 204), ("https://evil.example", 403)):
        assert (await ask(pages, origin, "/api/v1/comfy/workflows", "GET")).status_code == status


async def test_errors_can_be_read_by_the_page_as_well(pages):
    reply = await pages.client.get(f"{RUNS}?workflow_id=one&page=0", headers={"origin": APP})
    assert (reply.status_code, reply.headers["access-control-allow-origin"]) == (400, APP)


async def test_closed_by_default(server):
    assert (await ask(server, APP)).status_code == 403
    reply = await server.client.get(RUNS, headers={"origin": APP})
    assert (reply.status_code, "access-control-allow-origin" in reply.headers) == (200, False)


async def test_a_star_is_any_page(server, kit):
    await server.serve(kit.WORKFLOW, kit.deployment("words", cors="*"))
    assert (await ask(server, APP)).headers["access-control-allow-origin"] == APP
