"""Bytes of outputs: fetched when asked for, once, without the key, and never half."""

import asyncio

import httpx
import pytest

from flowscale import AsyncFlowScaleClient, FlowScaleClient, FlowScaleError, FlowScaleNotFoundError, Run
from flowscale.testing import FakeOutput, MockFlowScaleClient, png


def result_of(bench):
    return bench(bench.runs.execute(prompt="x"))


def test_an_output_has_a_name_a_type_a_size_and_metadata(make):
    output = result_of(make(outputs=[FakeOutput(metadata={"width": 8})])).outputs[0]
    assert (output.filename, output.content_type, output.size) == (
        "output_9_AAAAAAAAAA.png",
        "image/png",
        len(png()),
    )
    assert output.metadata == output["metadata"] == {"width": 8}


def test_bytes_are_fetched_once_and_only_when_asked_for(bench):
    output = result_of(bench).outputs[0]
    assert bench.paths() == ["POST runs"]
    assert [bench(output.data), bench(output.data)] == [png(), png()]
    assert bench.paths() == ["POST runs", "GET files/1-0"]


def test_downloads_never_carry_the_key(bench):
    bench(result_of(bench).outputs[0].data)
    submitted, fetched = bench.server.requests
    assert submitted.headers["x-api-key"] == "test-key"
    assert "x-api-key" not in fetched.headers
    assert "authorization" not in fetched.headers


def test_save_writes_a_file_or_into_a_folder(bench, tmp_path):
    output = result_of(bench).outputs[0]
    assert bench(output.save(tmp_path)) == tmp_path / output.filename
    assert bench(output.save(str(tmp_path / "mine.png"))) == tmp_path / "mine.png"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        output.filename: png(),
        "mine.png": png(),
    }


@pytest.mark.parametrize("name", ["../../evil.png", "/etc/evil.png", "..\\evil.png", "a/../../evil.png"])
def test_a_name_never_leads_out_of_the_folder(make, tmp_path, name):
    folder = tmp_path / "inner" / "folder"
    folder.mkdir(parents=True)
    bench = make(outputs=[FakeOutput(name)])
    assert bench(result_of(bench).outputs[0].save(folder)) == folder / "evil.png"


def test_a_download_that_breaks_leaves_nothing_and_the_old_file_as_it_was(bench, tmp_path):
    output, target = result_of(bench).outputs[0], tmp_path / "a.png"
    target.write_bytes(b"old")
    bench.server.drop(times=10, path="/files/")
    with pytest.raises(FlowScaleError):
        bench(output.save(target))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.png": b"old"}


def test_a_download_is_tried_again(bench, tmp_path):
    output = result_of(bench).outputs[0]
    bench.server.fail(503, times=2, path="/files/")
    assert bench(output.save(tmp_path / "a.png")).read_bytes() == png()


def test_an_expired_url_is_an_error_and_not_a_file(bench, tmp_path):
    output = result_of(bench).outputs[0]
    bench.server.fail(404, path="/files/")
    with pytest.raises(FlowScaleNotFoundError):
        bench(output.save(tmp_path / "a.png"))
    assert list(tmp_path.iterdir()) == []


def test_downloads_follow_redirects_to_an_object_store():
    def serve(request):
        if request.url.host == "store.example":
            return httpx.Response(200, content=b"bytes")
        return httpx.Response(302, headers={"Location": "https://store.example/o?signature=1"})

    run = {"run_id": "r", "status": "completed", "outputs": [{"url": "/api/v1/files/t", "filename": "o"}]}
    options = {
        "api_key": "k",
        "base_url": "https://fs.example/prefix",
        "transport": httpx.MockTransport(serve),
    }
    assert FlowScaleClient(**options).bind(run).outputs[0].data == b"bytes"

    async def fetch():
        async with AsyncFlowScaleClient(**options) as client:
            return await client.bind(run).outputs[0].data

    assert asyncio.run(fetch()) == b"bytes"


def test_a_stored_run_needs_a_client_to_fetch_bytes():
    stored = MockFlowScaleClient().runs.execute(prompt="x").to_dict()
    with pytest.raises(FlowScaleError, match=r"client\.runs\.get"):
        _ = Run(stored).outputs[0].data


def test_an_output_without_a_url_says_so(bench):
    output = bench.client.bind({"run_id": "r", "outputs": [{"filename": "o"}]}).outputs[0]
    with pytest.raises(FlowScaleError, match="no URL yet"):
        bench(output.data)
