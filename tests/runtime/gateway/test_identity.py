"""Tokens of identity providers: real keys, a real issuer on a port of this machine."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

PROJECT = """
apiVersion: flowscale.ai/v1
kind: Project
spec:
  roles: {auditor: ["audit:read", "runs:read"]}
  members:
    - {name: ana@example.com, role: admin}
    - {name: auditors, role: auditor}
    - {name: partners, role: contributor, deployments: [other]}
"""


class Issuer:
    """An identity provider: publishes keys, signs tokens, counts who asks."""

    def __init__(self, clock: Any) -> None:
        self.clock, self.asked, self.down = clock, 0, False
        self.keys = {"one": rsa.generate_private_key(public_exponent=65537, key_size=2048)}
        self.url = ""

    def application(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._discovery),
                Route("/keys", self._published),
            ]
        )

    async def _discovery(self, request: Request) -> Response:
        return JSONResponse({"issuer": self.url, "jwks_uri": f"{self.url}/keys"})

    async def _published(self, request: Request) -> Response:
        self.asked += 1
        if self.down:
            return Response(status_code=503)
        to_jwk = {"one": jwt.algorithms.RSAAlgorithm.to_jwk}
        keys = [
            json.loads(to_jwk.get(kid, jwt.algorithms.ECAlgorithm.to_jwk)(key.public_key())) | {"kid": kid}
            for kid, key in self.keys.items()
        ]
        return JSONResponse({"keys": keys})

    def token(self, *, kid: str = "one", key: Any = None, algorithm: str = "RS256", **claims: Any) -> str:
        now = self.clock() // 1_000_000
        said = {"iss": self.url, "aud": "flowscale", "sub": "u-1", "exp": now + 300} | claims
        said = {name: value for name, value in said.items() if value is not None}
        return jwt.encode(said, key or self.keys[kid], algorithm=algorithm, headers={"kid": kid})


@pytest.fixture
async def issuer(server, kit):
    async with _serving(server, kit) as made:
        yield made


@asynccontextmanager
async def _serving(server: Any, kit: Any) -> AsyncIterator[Issuer]:
    issuer = Issuer(server.clock)
    async with kit.listening(issuer.application()) as url:
        issuer.url = url
        accepted = {"issuer": url, "audience": "flowscale"}
        await server.serve(
            PROJECT,
            kit.WORKFLOW,
            kit.deployment("words", auth={"jwt": accepted}),
            kit.deployment("other", "words", auth={"jwt": {**accepted, "role": "none"}}),
            kit.deployment("closed", "words"),
        )
        yield issuer


async def call(server: Any, token: str, path: str = "/runs", method: str = "GET", **options: Any) -> Any:
    headers = {"authorization": f"Bearer {token}", "x-api-key": ""}
    return await server.client.request(method, f"/api/v1{path}", headers=headers, **options)


async def submit(server: Any, token: str, deployment: str) -> Any:
    return await call(server, token, "/runs", "POST", params={"workflow_id": deployment})


async def test_the_holder_of_a_valid_token_runs_the_deployment_that_accepts_it(server, issuer):
    reply = await submit(server, issuer.token(), "words")
    assert reply.status_code == 200, reply.text
    run = await call(server, issuer.token(), f"/runs/{reply.json()['data']['run_id']}")
    assert run.json()["data"]["workflow_id"] == "words"


async def test_a_token_is_for_no_deployment_that_does_not_accept_it(server, issuer):
    assert (await submit(server, issuer.token(), "closed")).status_code == 404


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1},
        {"nbf": 10**11},
        {"aud": "somebody-else"},
        {"iss": "https://elsewhere.example"},
        {"exp": None},
        {"sub": None},
    ],
    ids=["expired", "not yet valid", "other audience", "other issuer", "without an end", "without a user"],
)
async def test_a_token_that_is_not_valid_here_and_now_is_refused(server, issuer, claims):
    reply = await submit(server, issuer.token(**claims), "words")
    assert (reply.status_code, reply.json()["error"]["code"]) == (401, "UNAUTHENTICATED")


async def test_the_clock_of_the_issuer_may_be_off_by_the_leeway(server, issuer):
    now = server.clock() // 1_000_000
    assert (await submit(server, issuer.token(exp=now - 30), "words")).status_code == 200
    assert (await submit(server, issuer.token(exp=now - 90), "words")).status_code == 401


async def test_forged_tokens_are_refused(server, issuer):
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = "not the key but a shared secret of some length"
    forged = [
        issuer.token(key=other),
        issuer.token(key=public, algorithm="HS256"),
        jwt.encode(
            {"iss": issuer.url, "aud": "flowscale", "sub": "u", "exp": 10**10}, None, algorithm="none"
        ),
        issuer.token()[:-4] + "AAAA",
    ]
    for token in forged:
        assert (await submit(server, token, "words")).status_code == 401


async def test_a_new_key_of_the_issuer_is_found_and_made_up_ones_cause_no_flood(server, issuer):
    assert (await submit(server, issuer.token(), "words")).status_code == 200
    issuer.keys["two"] = ec.generate_private_key(ec.SECP256R1())
    server.clock.ahead += 31
    assert (await submit(server, issuer.token(kid="two", algorithm="ES256"), "words")).status_code == 200
    asked = issuer.asked
    for number in range(20):
        token = issuer.token(kid=f"made-up-{number}", key=issuer.keys["one"])
        assert (await submit(server, token, "words")).status_code == 401
    assert issuer.asked == asked


async def test_an_issuer_that_is_down_is_our_problem_not_the_callers(server, issuer):
    issuer.down = True
    reply = await submit(server, issuer.token(), "words")
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "5")


async def test_members_have_their_role_by_address_or_group(server, issuer):
    admin = issuer.token(email="ana@example.com")
    unchecked = issuer.token(email="ana@example.com", email_verified=False)
    auditor = issuer.token(groups=["auditors"])
    assert (await call(server, admin, "/keys")).status_code == 200
    assert (await call(server, unchecked, "/keys")).status_code == 403
    assert (await submit(server, auditor, "words")).status_code == 403
    assert (await call(server, auditor, "/runs")).status_code == 200


async def test_a_member_for_one_deployment_reaches_no_other(server, issuer):
    partner = issuer.token(groups="partners guests")
    assert (await submit(server, partner, "other")).status_code == 200
    assert (await submit(server, partner, "words")).status_code == 404


async def test_a_deployment_may_be_for_members_alone(server, issuer):
    assert (await submit(server, issuer.token(), "other")).status_code == 404


async def test_scopes_in_the_token_limit_its_holder(server, issuer):
    token = issuer.token(scope="openid runs:read")
    assert (await call(server, token, "/runs")).status_code == 200
    assert (await submit(server, token, "words")).status_code == 403


async def test_a_key_may_have_a_role_of_the_project(server, issuer):
    made = await server.client.post("/api/v1/keys", json={"name": "audit", "role": "auditor"})
    assert made.json()["data"]["scopes"] == ["audit:read", "runs:read"]
    unknown = await server.client.post("/api/v1/keys", json={"name": "audit", "role": "auditer"})
    assert unknown.status_code == 422
    assert "auditor" in unknown.json()["error"]["details"]["choices"]
