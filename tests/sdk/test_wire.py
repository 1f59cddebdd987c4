"""The same client over real sockets: streams, files and time limits as httpx really does them."""

import asyncio
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from flowscale import AsyncFlowScaleClient, FlowScaleClient, FlowScaleNetworkError, FlowScaleTimeoutError
from flowscale.testing import FakeServer, png


class Handler(BaseHTTPRequestHandler):
    """Passes each request to the fake server and streams its answer back."""

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        request = httpx.Request(
            self.command, f"http://host{self.path}", headers=dict(self.headers), content=body
        )
        response = self.server.fake.handle_request(request)
        self.send_response(response.status_code)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        for chunk in response.stream:
            self.wfile.write(chunk)
            self.wfile.flush()

    do_GET = do_POST = do_DELETE = answer  # noqa: N815

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.fake = FakeServer(duration=60)
        http.fake.base_url = http.url = f"http://127.0.0.1:{http.server_port}"
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield http
        http.shutdown()
        thread.join()


def test_a_run_with_a_file_and_events_blocking(server, tmp_path):
    (tmp_path / "photo.png").write_bytes(png() * 5000)
    seen = []
    with FlowScaleClient("test-key", server.url) as client:
        result = client.runs.execute(image=tmp_path / "photo.png", on_progress=seen.append)
        assert result.outputs[0].data == png()
        assert result.outputs[0].save(tmp_path).read_bytes() == png()
    (run,) = server.fake.runs.values()
    assert run.inputs["image"].content == png() * 5000
    assert [news.percent for news in seen if news.event == "progress"] == [25, 50, 75, 100]


def test_a_run_with_a_file_and_events_asynchronous(server, tmp_path):
    (tmp_path / "photo.png").write_bytes(png() * 5000)
    seen = []

    async def work():
        async with AsyncFlowScaleClient("test-key", server.url) as client:
            results = await asyncio.gather(
                client.runs.execute(image=tmp_path / "photo.png", on_progress=seen.append),
                client.runs.execute(prompt="x"),
            )
            return [await result.outputs[0].data for result in results]

    assert asyncio.run(work()) == [png(), png()]
    assert [news.percent for news in seen if news.event == "progress"] == [25, 50, 75, 100]


class Quiet(Handler):
    """Accepts a run that never ends, and sends nothing but comments to whoever follows it."""

    def answer(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.send_response(200)
        if not self.path.endswith("/events"):
            body = b'{"status":"success","data":{"run_id":"r","status":"running"}}'
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            while not self.server.stopping.wait(0.02):
                self.wfile.write(b": still here\n\n")
        except OSError:
            self.server.left.set()

    do_GET = do_POST = answer  # noqa: N815


@pytest.fixture
def quiet():
    with ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as http:
        http.daemon_threads = True
        http.url, http.stopping, http.left = (
            f"http://127.0.0.1:{http.server_port}",
            threading.Event(),
            threading.Event(),
        )
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield http
        http.stopping.set()
        http.shutdown()
        thread.join()


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_comments_do_not_keep_a_wait_beyond_its_deadline(quiet, asynchronous):
    async def work():
        async with AsyncFlowScaleClient("k", quiet.url) as client:
            await client.runs.execute(prompt="x", timeout=0.3)

    def call():
        with FlowScaleClient("k", quiet.url) as client:
            client.runs.execute(prompt="x", timeout=0.3)

    began = time.monotonic()
    with pytest.raises(FlowScaleTimeoutError, match=r"has not ended after 0\.3 s"):
        asyncio.run(work()) if asynchronous else call()
    assert time.monotonic() - began < 10
    assert quiet.left.wait(10), "the stream was left open"


def test_no_server_is_a_network_error(free_port):
    with (
        FlowScaleClient("k", f"http://127.0.0.1:{free_port()}", max_retries=0) as client,
        pytest.raises(FlowScaleNetworkError),
    ):
        client.health()
