"""Controllers on a node: pods come when runs wait and go when none do, and a bad release goes back by itself."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from flowscale import FlowScaleClient
from harness import platform
from harness.kubernetes import Kubernetes, wait
from harness.node import Node
from harness.platform import Platform

pytestmark = pytest.mark.slow
RUNS = 6
FINISHED = {"completed", "failed", "cancelled", "timed_out"}
NODE = """
import sys
import time


class Hold:
    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"
    CATEGORY = "test"
    NOT_IDEMPOTENT = True

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"seconds": ("FLOAT", {"default": 1.0}), "broken": ("BOOLEAN", {"default": False})}}

    def run(self, seconds, broken):
        time.sleep(seconds)
        if broken:
            raise RuntimeError("a bad release")
        return ("held",)


NODE_CLASS_MAPPINGS = {"Hold": Hold}
"""
WORKFLOW = """
apiVersion: flowscale.ai/v1
kind: Workflow
metadata: {{name: hold}}
spec: {{source: hold.json, version: {version}, inputs: {{seconds: {{from: 1.seconds}}}}}}
---
apiVersion: flowscale.ai/v1
kind: WorkflowDeployment
metadata: {{name: hold}}
spec:
  workflow: hold
  cache: {{enabled: false}}
  limits: {{timeout: 2m, attempts: 1}}
  scaling: {{min: 0, max: 3, queueDepth: 1, idleTimeout: 10s, cooldown: 0s}}
  rollout: {{steps: [50%], interval: 2s, runs: 40}}
  {traffic}
"""


def graph(*, broken: bool) -> str:
    saved = {"text": ["1", 0], "filename_prefix": "said", "label": ""}
    return json.dumps(
        {
            "1": {"class_type": "Hold", "inputs": {"seconds": 1.0, "broken": broken}},
            "2": {"class_type": "FSSaveText", "inputs": saved},
        }
    )


@pytest.fixture(scope="module")
def installed(cluster: Kubernetes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A deployment that starts with no instance, and controllers that look after it."""
    if not isinstance(cluster, Node):
        pytest.skip("images can't be loaded into this cluster")
    cluster.add_volumes(20)  # each pod of an executor claims one, and none is used twice
    source = tmp_path_factory.mktemp("hold")
    (source / "custom_nodes").mkdir()
    (source / "custom_nodes/hold.py").write_text(NODE)
    (source / "hold.json").write_text(graph(broken=False))
    (source / "flowscale.yaml").write_text(WORKFLOW.format(version="1.0.0", traffic=""))
    found = platform.install(cluster, source, tmp_path_factory.mktemp("scaling"), controllers=1)
    found.ready("statefulset/database", "deployment/gateway", "deployment/controllers")
    found.served()
    yield found
    found.remove()


def replicas(installed: Platform) -> int:
    """How many instances the controllers want."""
    (executor,) = installed.executors()
    name = executor.partition("/")[2]
    return int(installed.node.get("deployment", name, "-n", installed.namespace)["spec"].get("replicas", 1))


def status(installed: Platform) -> dict[str, Any]:
    found: dict[str, Any] = installed.node.get("wfd", "hold", "-n", installed.namespace).get("status", {})
    return found


def submit(client: FlowScaleClient, number: int, seconds: float) -> list[str]:
    return [client.runs.execute_async({"seconds": seconds + place / 1000}) for place in range(number)]


def told(installed: Platform) -> str:
    """What to read when something isn't as it should be."""
    pods = installed.kubectl("get", "pods", "-o", "wide")
    pods += installed.kubectl("get", "events", "--sort-by=.lastTimestamp")[-3000:]
    return f"{pods}{json.dumps(status(installed), indent=1)}{installed.logs('deployment/controllers')}"


def test_instances_follow_the_queue_from_none_to_three_and_back(
    installed: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    wait(lambda: replicas(installed) == 0, "no instance", 100, lambda: told(installed))
    with installed.client() as client:
        began = time.monotonic()
        (first,) = submit(client, 1, 2.0)
        wait(lambda: replicas(installed) == 1, "an instance", 60, lambda: told(installed))
        patched = time.monotonic() - began
        assert client.runs.wait_for_completion(first, timeout=200)["status"] == "completed"
        answered = time.monotonic() - began
        many = submit(client, RUNS, 12.0)
        wait(lambda: replicas(installed) == 3, "three instances", 60, lambda: told(installed))
        ends = ended(installed, client, many)
    assert ends == ["completed"] * RUNS
    workers = {each["worker"] for run in many for each in attempts(installed, run)}
    wait(lambda: replicas(installed) == 0, "no instance again", 100, lambda: told(installed))
    with capsys.disabled():
        sys.stdout.write(
            f"\nscaled up {patched:.1f} s after the first run came, which was answered after {answered:.1f} s\n"
        )
    assert len(workers) > 1
    events = installed.kubectl("get", "events", "-o", "jsonpath={.items[*].reason}").split()
    assert {"ScaledUp", "ScaledDown"} <= set(events)


def ended(installed: Platform, client: FlowScaleClient, runs: list[str]) -> list[str]:
    """How these runs ended."""
    for run in runs:
        wait(lambda run=run: client.runs.get_status(run) in FINISHED, run, 150, lambda: told(installed))
    return [client.runs.get_status(run) for run in runs]


@contextmanager
def callers(installed: Platform, number: int) -> Iterator[list[FlowScaleClient]]:
    """Clients with a key each."""
    with ExitStack() as stack:
        owner = stack.enter_context(installed.client())
        made = [owner.keys.create(f"caller {place}", role="contributor")["key"] for place in range(number)]
        yield [
            stack.enter_context(FlowScaleClient(api_key=key, base_url=installed.url(), timeout=120))
            for key in made
        ]


def each_one(installed: Platform, clients: list[FlowScaleClient]) -> list[tuple[str, str]]:
    """How a run of each client ended, and which version it met."""
    runs = [submit(client, 1, 0.0)[0] for client in clients]
    ended(installed, clients[0], runs)
    found = [clients[0].runs.get(run) for run in runs]
    return [(run["status"], run["version"]) for run in found]


def attempts(installed: Platform, run: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = installed.get(f"/api/v1/runs/{run}/logs").json()["meta"]["attempts"]
    return found


def test_a_bad_release_goes_back_by_itself_and_serves_nobody_any_more(installed: Platform) -> None:
    specs = installed.specs
    (specs / "hold.json").write_text(graph(broken=True))
    traffic = "traffic: {1.0.0: 0%, 2.0.0: 100%}"
    (specs / "flowscale.yaml").write_text(WORKFLOW.format(version="2.0.0", traffic=traffic))
    platform.deploy(installed)
    wait(lambda: "2.0.0" in status(installed)["weights"], "a canary", 60, lambda: told(installed))
    with callers(installed, 10) as clients:  # a caller keeps the version that it met
        ends = []
        while "2.0.0" in status(installed)["weights"]:
            ends += each_one(installed, clients)
            assert len(ends) < 300, told(installed)
        assert ("failed", "2.0.0") in ends
        assert status(installed)["rollout"]["verdict"] == "rolledBack"
        assert set(each_one(installed, clients)) == {("completed", "1.0.0")}
