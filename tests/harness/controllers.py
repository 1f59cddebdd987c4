"""Controllers as processes, in a namespace with a deployment, beside a gateway that speaks its internal routes."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from flowscale_specs import parse, resolve
from flowscale_specs.resources import budget_resource_of, resource_of

TOKEN = "internal-token"
OLD, NEW, NEWER = ("sha256:" + digit * 64 for digit in "abc")
SPEC = """
kind: Workflow
metadata: {{name: portrait}}
spec: {{source: workflow.json, version: 2.1.0}}
---
kind: WorkflowDeployment
metadata: {{name: portrait}}
spec:
  workflow: portrait
  gpu: L4
  budget: studio
  traffic: {traffic}
  scaling: {scaling}
  rollout: {rollout}
---
kind: Budget
metadata: {{name: studio}}
spec: {{limit: $100/month, exceeded: scale-to-zero}}
"""


@dataclass
class InternalGateway:
    """The gateway's internal routes by the contract that controllers have with it: a real server, whose numbers tests set."""

    demand: dict[str, Any] = field(default_factory=dict)
    budgets: list[dict[str, Any]] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)
    version: int = 0
    ended: bool = False

    def __post_init__(self) -> None:
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if self.headers["Authorization"] != f"Bearer {TOKEN}":
                    self.send_error(401)
                elif self.path == "/internal/v1/budgets":
                    self.answer(json.dumps({"budgets": gateway.budgets}).encode())
                else:
                    self.stream()

            def answer(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def stream(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Connection", "close")
                self.end_headers()
                told = -1
                while not gateway.ended:
                    with gateway.changed:
                        gateway.changed.wait_for(
                            lambda told=told: gateway.ended or gateway.version != told, 10
                        )
                        told = gateway.version
                        body = json.dumps({"at": int(time.time() * 1e6), "deployments": gateway.demand})
                    try:
                        self.wfile.write(f"data: {body}\n\n".encode())
                        self.wfile.flush()
                    except OSError:
                        return

            def log_message(self, *words: object) -> None:
                """Requests aren't worth a line."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def tell(self, name: str = "portrait", **numbers: Any) -> None:
        """Changes what a deployment has to do, and tells it."""
        with self.changed:
            usual = {"queued": 0, "running": 0, "oldest_queued_at": None, "arrivals": 0, "releases": {}}
            self.demand[name] = {**usual, **self.demand.get(name, {}), **numbers}
            self.version += 1
            self.changed.notify_all()

    def spend(self, dollars: float, start: int = 0) -> None:
        """Sets what is spent of the budget."""
        spent = int(dollars * 1e6)
        self.budgets = [
            {
                "name": "studio",
                "scope": "deployment",
                "target": None,
                "period_start": start,
                "period_end": start + int(30 * 86400e6),
                "limit": 100_000_000,
                "soft": None,
                "spent": spent,
                "reserved": 0,
                "exceeded": spent >= 100_000_000,
                "deployments": ["portrait"],
            }
        ]

    def close(self) -> None:
        with self.changed:
            self.ended = True
            self.changed.notify_all()
        self.server.shutdown()
        self.server.server_close()


def release(completed: int, failed: int = 0, seconds: float = 1.0) -> dict[str, Any]:
    """The counts of a release."""
    runs = completed + failed
    return {
        "completed": completed,
        "failed": failed,
        "timed_out": 0,
        "seconds": runs * seconds,
        "latency_p50": seconds,
        "latency_p95": seconds,
        "score_total": 0.0,
        "score_count": 0,
    }


@dataclass
class Controllers:
    """One controllers process."""

    process: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def signal(self, wish: signal.Signals) -> None:
        self.process.send_signal(wish)


@dataclass
class Place:
    """A namespace of a control plane with a deployment in it."""

    plane: Any
    namespace: str
    gateway: InternalGateway
    folder: Path
    started: list[Controllers] = field(default_factory=list)

    def deploy(
        self, *, scaling: str = "{}", rollout: str = "null", traffic: str = "2.0.0", releases: Any = None
    ) -> None:
        """Applies what a push of specs leads to."""
        documents = parse(
            SPEC.format(scaling=scaling, rollout=rollout, traffic=traffic).encode(), Path("f.yaml")
        )
        project = resolve(documents)
        known = {"portrait": releases or {"2.0.0": OLD, "2.1.0": NEW, "2.2.0": NEWER}}
        objects = [budget_resource_of(project, "studio"), resource_of(project, "portrait", known)]
        self.plane.apply(objects, "-n", self.namespace)

    def executor(
        self, name: str = "executor-portrait-l4-aaaaaaaa", releases: str = f"2.0.0={OLD}", replicas: int = 0
    ) -> str:
        labels = {
            "app.kubernetes.io/component": "executor",
            "flowscale.ai/deployment": "portrait",
            "name": name,
        }
        container = {"name": "worker", "image": "executor:test"}
        found = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "labels": labels, "annotations": {"flowscale.ai/releases": releases}},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": {"name": name}},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
            },
        }
        self.plane.apply([found], "-n", self.namespace)
        return name

    def start(self, port: int, lease: float = 3.0, **settings: str) -> Controllers:
        """Starts a controllers process, as a cluster would."""
        log = self.folder / f"controllers-{len(self.started)}.log"
        environment = {
            **os.environ,
            "KUBECONFIG": str(self.plane.kubeconfig),
            "FLOWSCALE_NAMESPACE": self.namespace,
            "FLOWSCALE_GATEWAY": self.gateway.url,
            "FLOWSCALE_INTERNAL_TOKEN": TOKEN,
            "FLOWSCALE_CONTROLLERS_PORT": str(port),
            "FLOWSCALE_LEASE_SECONDS": str(lease),
            **settings,
        }
        program = str(Path(sys.executable).parent / "flowscale")
        with log.open("wb") as said:
            process = subprocess.Popen([program, "controllers"], env=environment, stderr=said)
        self.started.append(Controllers(process, log))
        return self.started[-1]

    def replicas(self, name: str = "executor-portrait-l4-aaaaaaaa") -> int:
        return int(self.plane.get("deployment", name, "-n", self.namespace)["spec"]["replicas"])

    def status(self, kind: str = "workflowdeployment", name: str = "portrait") -> dict[str, Any]:
        found: dict[str, Any] = self.plane.get(f"{kind}.flowscale.ai", name, "-n", self.namespace)
        return found.get("status") or {}

    def events(self) -> list[tuple[str, str]]:
        found = self.plane.get("events", "-n", self.namespace)["items"]
        return [
            (each["reason"], each["message"]) for each in sorted(found, key=lambda e: e["firstTimestamp"])
        ]

    def leader(self) -> str:
        found = self.plane.get("lease", "flowscale-controllers", "-n", self.namespace)
        return str(found["spec"].get("holderIdentity", ""))

    def wait(self, what: str, holds: Callable[[], bool], seconds: float = 200.0) -> None:
        """Waits until something holds; says what the processes said where it doesn't."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if holds():
                    return
            except (AssertionError, KeyError):
                pass
            time.sleep(0.2)
        logs = "\n".join(each.log.read_text()[-3000:] for each in self.started)
        pytest.fail(f"{what} didn't come about in {seconds} s:\n{self.status()}\n{logs}")
