"""The first example on a node, end to end: specs become pods, a call from outside brings the enlarged photo. No run is
lost when pods are killed, no request fails in an upgrade, and pods have only the rights that they need."""

import io
import json
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.metrics import structural_similarity

from flowscale import FlowScaleClient
from flowscale.exceptions import FlowScaleError
from harness import platform
from harness.kubernetes import Kubernetes, wait
from harness.node import Node
from harness.platform import Platform

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/01-photo-upscale"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(cluster: Kubernetes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The example, installed and ready."""
    if not isinstance(cluster, Node):
        pytest.skip("images can't be loaded into this cluster")
    cluster.add_volumes(6)
    found = platform.install(cluster, EXAMPLE, tmp_path_factory.mktemp("platform"))
    found.ready("statefulset/database", "deployment/gateway", *found.executors())
    found.served()
    yield found
    found.remove()


def likeness(one: bytes, other: bytes) -> float:
    """How alike two pictures look, 1 at most."""
    first, second = (np.asarray(Image.open(io.BytesIO(data)).convert("RGB")) for data in (one, other))
    assert first.shape == second.shape
    return float(structural_similarity(first, second, channel_axis=2))


def test_a_photo_is_enlarged_by_a_pod(installed: Platform) -> None:
    with installed.client() as client:
        run = client.runs.execute({"photo": EXAMPLE / "photo.jpg"}, timeout=300)
        again = client.runs.execute({"photo": EXAMPLE / "photo.jpg"})
        assert likeness(run.outputs[0].data, (EXAMPLE / "golden.png").read_bytes()) >= 0.99
        assert (again["cached"], again.outputs[0].data) == (True, run.outputs[0].data)


def fresh(client: FlowScaleClient, refine: int) -> str:
    """A run that no other test asked for, so that nothing is cached, and that takes a while. Its id, once it computes."""
    run = client.runs.execute_async({"photo": doubled(EXAMPLE / "photo.jpg"), "refine": refine})
    wait(
        lambda: client.runs.get_status(run) == "running",
        "the run computes",
        300,
        lambda: client.runs.get_status(run),
    )
    return run


def doubled(path: Path) -> bytes:
    """A picture twice as wide and high, so that it takes four times as long."""
    file = io.BytesIO()
    with Image.open(path) as picture:
        picture.resize((picture.width * 2, picture.height * 2)).save(file, "PNG")
    return file.getvalue()


def test_a_run_survives_the_death_of_its_worker(installed: Platform) -> None:
    with installed.client() as client:
        run = fresh(client, 1)
        installed.kill("worker")
        done = client.runs.wait_for_completion(run, timeout=500)
    tries = installed.get(f"/api/v1/runs/{run}/logs").json()["meta"]["attempts"]
    assert (done["status"], len(tries)) == ("completed", 2)


def test_a_run_survives_a_restart_of_the_database(installed: Platform) -> None:
    with installed.client() as client:
        run = fresh(client, 2)
        installed.kubectl("delete", "pod", "database-0", "--wait=false")
        # Without its database a gateway isn't ready, and leaves its Service for some seconds.
        wait(lambda: completed(client, run), "the run is completed", 500)


def completed(client: FlowScaleClient, run: str) -> bool:
    try:
        return client.runs.get_status(run) == "completed"
    except FlowScaleError:
        return False


def test_an_upgrade_of_the_gateway_fails_no_request(installed: Platform) -> None:
    seen: Counter[object] = Counter()
    over = threading.Event()

    def call() -> None:
        while not over.is_set():
            seen[installed.get("/api/v1/deployments").status_code] += 1

    callers = [threading.Thread(target=call) for _ in range(4)]
    for caller in callers:
        caller.start()
    try:
        installed.kubectl("set", "env", "deployment/gateway", "UPGRADED=yes")
        installed.ready("deployment/gateway")
    finally:
        over.set()
        for caller in callers:
            caller.join()
    assert set(seen) == {200}
    assert seen[200] > len(callers)


ASKING = """
import json
from pathlib import Path
from lightkube import Client
from lightkube.core.exceptions import ApiError
from lightkube.generic_resource import create_namespaced_resource as custom
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import Namespace, Pod, Secret

def code(ask):
    try:
        ask()
    except ApiError as error:
        return error.status.code
    return 200

if not Path("/var/run/secrets/kubernetes.io/serviceaccount/token").exists():
    print("nobody")
    raise SystemExit
client = Client()
deployments = custom("flowscale.ai", "v1", "WorkflowDeployment", "workflowdeployments")
print(json.dumps({
    "read deployments": code(lambda: list(client.list(deployments))),
    "delete deployments": code(lambda: client.delete(deployments, "photo-upscale")),
    "read secrets": code(lambda: list(client.list(Secret))),
    "read pods": code(lambda: list(client.list(Pod))),
    "read pods elsewhere": code(lambda: list(client.list(Pod, namespace="kube-system"))),
    "scale workers": code(lambda: client.delete(Deployment, "gateway")),
    "read namespaces": code(lambda: list(client.list(Namespace))),
}))
"""


def test_a_gateway_may_read_deployments_and_nothing_else(installed: Platform) -> None:
    answers = json.loads(installed.kubectl("exec", "deployment/gateway", "--", "python", "-c", ASKING))
    assert answers.pop("read deployments") == 200
    assert set(answers.values()) == {403}


def test_an_executor_is_nobody_in_the_cluster(installed: Platform) -> None:
    (executor,) = installed.executors()
    assert installed.kubectl("exec", executor, "--", "python", "-c", ASKING) == "nobody\n"
