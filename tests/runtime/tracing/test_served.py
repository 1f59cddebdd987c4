"""One trace from a caller to the nodes of its run, as a collector gets it from real processes."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from harness.fleet import Fleet, is_ready
from harness.fleet import fleet as launch

pytestmark = [pytest.mark.services, pytest.mark.timeout(300)]

PROGRAM = Path(sys.executable).parent / "flowscale"
TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
HEADERS = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
SPEC = """
apiVersion: flowscale.ai/v1
kind: Workflow
metadata: {name: words}
spec: {source: words.json, version: 1.0.0}
---
apiVersion: flowscale.ai/v1
kind: WorkflowDeployment
metadata: {name: words}
spec: {workflow: words}
"""
GRAPH = {
    "1": {"class_type": "FSLoadText", "inputs": {"default_value": "hello", "label": ""}},
    "2": {"class_type": "FSSaveText", "inputs": {"text": ["1", 0], "filename_prefix": "said", "label": ""}},
}


class Collector:
    """Takes spans as OTLP over HTTP brings them."""

    def __init__(self) -> None:
        self.spans: list[dict[str, object]] = []
        self.url = ""

    def take(self, body: bytes) -> None:
        """Keeps the spans of a request."""
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            named = {one.key: one.value.string_value for one in resource.resource.attributes}
            for scope in resource.scope_spans:
                for span in scope.spans:
                    self.spans.append(
                        {
                            "service": named["service.name"],
                            "name": span.name,
                            "trace": span.trace_id.hex(),
                            "id": span.span_id.hex(),
                            "parent": span.parent_span_id.hex(),
                            "begin": span.start_time_unix_nano,
                            "end": span.end_time_unix_nano,
                            "failed": span.status.code == 2,
                            "facts": {one.key: one.value.string_value for one in span.attributes},
                        }
                    )

    def named(self, name: str, trace: str = TRACE) -> dict[str, object]:
        """The only span of this name in a trace."""
        [found] = [span for span in self.spans if span["name"] == name and span["trace"] == trace]
        return found


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector on a port of this machine."""
    made = Collector()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Says nothing."""

        def do_POST(self) -> None:
            made.take(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


def told(collector: Collector) -> dict[str, str]:
    """The variables by which processes find the collector."""
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}


async def test_a_run_belongs_to_the_trace_of_its_caller_down_to_its_nodes(
    tmp_path: Path, collector: Collector
) -> None:
    folder, data = tmp_path / "spec", tmp_path / "data"
    folder.mkdir()
    data.mkdir()
    (folder / "flowscale.yaml").write_text(SPEC)
    (folder / "words.json").write_text(json.dumps(GRAPH))
    command = [PROGRAM, "serve", folder, "--port", "0", "--data", data]
    with (data / "log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | told(collector))
    while not (data / "owner.key").exists():
        assert process.poll() is None, (data / "log").read_text()[-2000:]
        await asyncio.sleep(0.05)
    url, key = json.loads((data / "server.json").read_text())["url"], (data / "owner.key").read_text().strip()
    async with httpx.AsyncClient(base_url=url, headers={"X-API-KEY": key}, timeout=60) as client:
        while not await is_ready(client):
            await asyncio.sleep(0.05)
        done = await client.post("/api/v1/runs", params={"wait": "30"}, headers=HEADERS)
    process.terminate()
    process.wait(60)

    run = done.json()["data"]
    assert (run["status"], run["trace_id"]) == ("completed", TRACE)
    request = collector.named("POST /api/v1/runs")
    assert (request["parent"], request["facts"]["flowscale.run_id"]) == (CALLER, run["run_id"])
    computed, waited = collector.named("run words"), collector.named("queue")
    assert {computed["parent"], waited["parent"]} == {request["id"]}
    assert waited["begin"] <= waited["end"] <= computed["begin"]
    for name in ("FSLoadText", "FSSaveText"):
        node = collector.named(name)
        assert node["parent"] == computed["id"]
        assert computed["begin"] <= node["begin"] <= node["end"] <= computed["end"]
    assert collector.named("FSSaveText")["facts"]["flowscale.node_id"] == "2"
    logged = [json.loads(line) for line in (data / "log").read_text().splitlines() if line.startswith("{")]
    assert any(line["event"] == "run completed" and line["trace_id"] == TRACE for line in logged)


@pytest.fixture
def fleet(tmp_path: Path, postgres_server, s3_server, collector: Collector) -> Iterator[Fleet]:
    with launch(tmp_path, postgres_server, s3_server, "words", SPEC, words=GRAPH) as made:
        made.environment |= told(collector)
        yield made


async def test_a_trace_goes_on_in_another_process(fleet: Fleet, collector: Collector) -> None:
    fleet.gateway()
    fleet.worker()
    async with fleet.client() as client:
        done = await client.post("/api/v1/runs", params={"wait": "60"}, headers=HEADERS)
        assert done.json()["data"]["status"] == "completed"
    for name in ("worker", "gateway"):
        fleet.kill(name, how=15)  # type: ignore[arg-type]
    request, computed = collector.named("POST /api/v1/runs"), collector.named("run words")
    assert (request["service"], computed["service"]) == ("flowscale-gateway", "flowscale-worker")
    assert computed["parent"] == request["id"]
