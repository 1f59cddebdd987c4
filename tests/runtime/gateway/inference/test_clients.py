"""Triton's own clients, unchanged, against a gateway: over HTTP and over gRPC, workflows and Models."""

import asyncio
from dataclasses import replace

import grpc
import numpy
import pytest
import torch
import tritonclient.grpc as rpc
import tritonclient.grpc.aio as aio
import tritonclient.http as http
from tritonclient.utils import InferenceServerException

from flowscale_runtime import beside
from flowscale_runtime.gateway.inference.rpc import peer
from flowscale_runtime.worker.host import ProcessEngine
from harness import networks

pytestmark = pytest.mark.services


@pytest.fixture
async def place(server, kit, tmp_path):
    """Addresses of a gateway that serves a workflow and a Model, with a worker."""
    engine = ProcessEngine()
    state = replace(server.state, networks=engine)
    server.app.state.gateway = state
    state.served.catalog = replace(state.served.catalog, networks=(networks.network(tmp_path),))
    reserved = beside.reserved("127.0.0.1", 0)
    address = beside.address(reserved)
    working = kit.working(server, lambda run: None)
    async with kit.listening(server.app) as url, beside.answering(state, reserved), working:
        yield url.removeprefix("http://"), address
    await engine.close()


def prompt(client, value, name="prompt"):
    given = client.InferInput(name, [1], "BYTES")
    given.set_data_from_numpy(numpy.array([value.encode()], object))
    return given


def pixels(client):
    given = client.InferInput("pixels", [2, 3, 4, 5], "FP32")
    values = numpy.linspace(0, 1, 120, dtype=numpy.float32).reshape(2, 3, 4, 5)
    given.set_data_from_numpy(values)
    return given, values


async def test_the_http_client_runs_a_workflow_and_a_model(place, server, tmp_path):
    key = {"X-API-KEY": server.owner}

    def talk():
        with http.InferenceServerClient(place[0]) as client:
            assert client.is_server_live()
            assert client.is_server_ready()
            assert client.get_server_metadata()["name"] == "flowscale"
            assert client.is_model_ready("words", headers=dict(key))
            described = client.get_model_metadata("words", headers=dict(key))
            listed = client.get_model_repository_index(headers=dict(key))
            assert [one["name"] for one in listed] == ["words", "net"]
            name = described["outputs"][0]["name"]
            asked = [http.InferRequestedOutput(name, binary_data=binary) for binary in (True, False)]
            texts = [
                client.infer("words", [prompt(http, "x")], outputs=[one], headers=dict(key))
                .as_numpy(name)
                .tolist()
                for one in asked
            ]
            squeezed = client.infer(
                "words", [prompt(http, "x")], headers=dict(key), request_compression_algorithm="gzip"
            )
            given, values = pixels(http)
            mixed = client.infer("net", [given], headers=dict(key)).as_numpy("mixed")
            with pytest.raises(InferenceServerException, match="there are prompt, steps"):
                client.infer("words", [prompt(http, "x", "promt")], headers=dict(key))
            with pytest.raises(InferenceServerException, match="X-API-KEY"):
                client.infer("words", [prompt(http, "x")])
            return texts, squeezed.get_response()["model_version"], mixed, values

    texts, version, mixed, values = await asyncio.to_thread(talk)
    assert texts == [[b"a fox"], ["a fox"]]
    assert version == "1.0.0"
    expected = networks.module(tmp_path)(torch.from_numpy(values)).detach().numpy()
    assert numpy.allclose(mixed, expected, atol=1e-6)


async def test_the_grpc_client_runs_a_workflow_and_a_model(place, server, tmp_path):
    headers = {"x-api-key": server.owner}

    def talk():
        with rpc.InferenceServerClient(place[1]) as client:
            assert client.is_server_live()
            assert client.is_server_ready()
            assert client.get_server_metadata().name == "flowscale"
            assert client.is_model_ready("words", headers=headers)
            assert client.is_model_ready("net", headers=headers)
            described = client.get_model_metadata("words", headers=headers)
            config = client.get_model_config("words", headers=headers).config
            assert [one.name for one in config.input] == ["prompt", "steps"]
            index = client.get_model_repository_index(headers=headers)
            assert [one.name for one in index.models] == ["words", "net"]
            name = described.outputs[0].name
            found = client.infer("words", [prompt(rpc, "x")], headers=headers, request_id="mine")
            given, values = pixels(rpc)
            mixed = client.infer("net", [given], headers=headers).as_numpy("mixed")
            with pytest.raises(InferenceServerException, match="X-API-KEY") as refused:
                client.infer("words", [prompt(rpc, "x")])
            assert "UNAUTHENTICATED" in refused.value.status()
            with pytest.raises(InferenceServerException, match="no model 'wards'"):
                client.get_model_metadata("wards", headers=headers)
            return found.as_numpy(name).tolist(), found.get_response().id, mixed, values

    texts, identity, mixed, values = await asyncio.to_thread(talk)
    assert (texts, identity) == ([b"a fox"], "mine")
    expected = networks.module(tmp_path)(torch.from_numpy(values)).detach().numpy()
    assert numpy.allclose(mixed, expected, atol=1e-6)


async def test_a_stream_answers_in_order_and_says_what_failed(place, server):
    async def asked():
        for name in ("words", "wards", "words"):
            yield {"model_name": name, "inputs": [prompt(aio, "x")]}

    async with aio.InferenceServerClient(place[1]) as client:
        stream = client.stream_infer(asked(), headers={"x-api-key": server.owner})
        found = [
            (result and result.get_response().model_name, error and error.message())
            async for result, error in stream
        ]
    assert [name for name, _ in found] == ["words", None, "words"]
    assert "no model 'wards'" in found[1][1]


async def test_a_call_that_is_cancelled_cancels_its_run(server):
    reserved = beside.reserved("127.0.0.1", 0)
    address = beside.address(reserved)
    async with beside.answering(server.state, reserved), aio.InferenceServerClient(address) as client:
        call = asyncio.create_task(
            client.infer("words", [prompt(aio, "x")], headers={"x-api-key": server.owner}, client_timeout=0.5)
        )
        with pytest.raises(InferenceServerException, match="Deadline"):
            await call
        while True:
            [run] = (await server.client.get("/api/v1/runs")).json()["data"]["runs"]
            if run["status"] == "cancelled":
                break
            await asyncio.sleep(0.02)


async def test_what_is_not_offered_says_so(place, server):
    async with aio.InferenceServerClient(place[1]) as client:
        with pytest.raises(InferenceServerException) as refused:
            await client.get_system_shared_memory_status()
    assert grpc.StatusCode.UNIMPLEMENTED.name in refused.value.status()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("ipv4:127.0.0.1:4242", ("127.0.0.1", 4242)),
        ("ipv6:%5B::1%5D:4242", ("::1", 4242)),
        ("unix:", None),
    ],
)
def test_a_peer_is_an_address(text, wanted):
    assert peer(text) == wanted
