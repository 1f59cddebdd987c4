"""Other sites and callers without a key are kept out."""

import httpx
import pytest
import websockets
from starlette.datastructures import Headers

from flowscale_runtime.gateway.comfyui.guard import local, refused

HOST = "127.0.0.1:8188"


@pytest.mark.parametrize(
    ("headers", "keyed", "taken"),
    [
        ({"host": HOST}, False, True),
        ({"host": "localhost:8188"}, False, True),
        ({"host": "[::1]:8188"}, False, True),
        ({"host": HOST, "origin": f"http://{HOST}"}, False, True),
        ({"host": HOST, "origin": "http://127.0.0.1:9999"}, False, False),
        ({"host": HOST, "origin": "http://localhost:8188"}, False, False),
        ({"host": HOST, "origin": "https://evil.example"}, False, False),
        ({"host": HOST, "origin": "https://evil.example"}, True, False),
        ({"host": HOST, "origin": "null"}, False, False),
        ({"host": HOST, "sec-fetch-site": "cross-site"}, False, False),
        ({"host": HOST, "sec-fetch-site": "same-origin"}, False, True),
        ({"host": "evil.example:8188"}, False, False),
        ({"host": "evil.example:8188"}, True, True),
        ({"host": "api.example", "origin": "https://app.example"}, True, True),
        ({"host": "api.example", "sec-fetch-site": "cross-site"}, True, False),
        ({"host": ""}, False, False),
        ({"host": "127.0.0.1:x"}, False, False),
    ],
)
def test_who_is_taken(headers, keyed, taken):
    assert (refused(Headers(headers), keyed=keyed) is None) is taken


@pytest.mark.parametrize(
    ("host", "mine"),
    [
        ("localhost", True),
        ("a.localhost", True),
        ("127.9.9.9", True),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
    ],
)
def test_names_of_this_machine(host, mine):
    assert local(host) is mine


@pytest.mark.services
async def test_a_page_of_another_site_gets_nothing(client):
    reply = await client.http.get("/history", headers={"origin": "https://evil.example"})
    assert (reply.status_code, reply.json()["error"]["type"]) == (403, "cross_site")
    with pytest.raises(websockets.InvalidStatus):
        async with websockets.connect(
            f"{client.url.replace('http', 'ws')}/ws", origin="https://evil.example", proxy=None
        ):
            pass


@pytest.mark.services
async def test_the_port_of_the_api_wants_a_key(server):
    async with httpx.AsyncClient(base_url=f"{server.url}/comfy", trust_env=False) as http:
        for method, path in (("GET", "/queue"), ("POST", "/prompt"), ("GET", "/api/object_info")):
            reply = await http.request(method, path)
            assert (reply.status_code, reply.json()["error"]["type"]) == (401, "unauthenticated")
        for headers in ({"x-api-key": server.key}, {"authorization": f"Bearer {server.key}"}):
            assert (await http.get("/queue", headers=headers)).status_code == 200
            assert (await http.get("/api/queue", headers=headers)).status_code == 200


@pytest.mark.services
async def test_a_socket_without_a_key_is_closed_and_a_token_opens_it(server):
    url = f"{server.url.replace('http', 'ws')}/comfy/ws"
    async with websockets.connect(url, proxy=None) as socket:
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd.code == 4401
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
        reply = await http.post("/api/v1/tokens", json={}, headers={"x-api-key": server.key})
        token = reply.json()["data"]["token"]
    async with websockets.connect(f"{url}?clientId=x&token={token}", proxy=None) as socket:
        assert '"sid":"x"' in await socket.recv()


@pytest.mark.services
async def test_a_key_for_other_deployments_or_for_reading_posts_nothing(server):
    async with httpx.AsyncClient(
        base_url=server.url, trust_env=False, headers={"x-api-key": server.key}
    ) as http:
        made = []
        for terms in ({"role": "viewer"}, {"role": "contributor", "deployments": ["plain"]}):
            reply = await http.post("/api/v1/keys", json={"name": "k", **terms})
            assert reply.status_code in {200, 201}, reply.text
            made.append(reply.json()["data"])
    secrets = [one.get("key") or one.get("secret") for one in made]
    async with httpx.AsyncClient(base_url=f"{server.url}/comfy", trust_env=False) as http:
        codes = [
            [
                (await http.get("/queue", headers={"x-api-key": secret})).status_code,
                (await http.post("/prompt", json={}, headers={"x-api-key": secret})).status_code,
            ]
            for secret in secrets
        ]
    assert codes == [[200, 403], [404, 404]]
