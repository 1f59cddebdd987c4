"""Signed requests: a server that knows the secret can verify each one, fresh at each retry, and no other host sees any."""

import hashlib
import hmac

import pytest

from flowscale import FlowScaleNotFoundError
from flowscale._client.signing import signature
from flowscale.testing.clock import EPOCH


def expected(request, time):
    digest = hashlib.sha256(request.content).hexdigest()
    nonce = request.headers["x-flowscale-nonce"]
    message = f"{request.method}\n{request.url.raw_path.decode()}\n{time}\n{digest}\n{nonce}".encode()
    return "v1=" + hmac.new(b"secret", message, "sha256").hexdigest()


def test_the_signature_is_the_documented_one():
    signed = {"method": "get", "target": "/api/v1/runs?page=1", "timestamp": 1700000000, "body": b""}
    assert signature("key", **signed, nonce="n1") == (
        "v1=" + hmac.new(
            b"key",
            b"GET\n/api/v1/runs?page=1\n1700000000\n"
            b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\nn1",
            "sha256",
        ).hexdigest()
    )  # fmt: skip


def test_every_request_is_signed_at_its_own_time(make):
    bench = make(client={"signing_secret": "secret"}, duration=60)
    bench.server.fail(503, retry_after=5)
    bench(bench.runs.execute(prompt="x", image=b"bytes", group_id="g&h"))
    for request in bench.server.requests:
        time = int(request.headers["x-flowscale-timestamp"])
        assert request.headers["x-flowscale-signature"] == expected(request, time)
    times = [int(request.headers["x-flowscale-timestamp"]) - EPOCH for request in bench.server.requests[:2]]
    assert times == [0, 5]
    nonces = {request.headers["x-flowscale-nonce"] for request in bench.server.requests}
    assert len(nonces) == len(bench.server.requests)


def test_no_other_host_sees_a_signature(make):
    bench = make(client={"signing_secret": "secret"})
    output = bench.client.bind(
        {"run_id": "r", "outputs": [{"url": "https://store.example/o", "filename": "o"}]}
    ).outputs[0]
    bench.server.fail(404)
    with pytest.raises(FlowScaleNotFoundError):
        bench(output.data)
    assert "x-flowscale-signature" not in bench.server.requests[0].headers


def test_unsigned_is_the_default(bench):
    bench(bench.client.health())
    assert "x-flowscale-signature" not in bench.server.requests[0].headers
