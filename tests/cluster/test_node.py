"""The node itself: pods run, Services reach them from outside, a second node waits for the first."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from harness import node as nodes
from harness.containers import PAUSE
from harness.node import Node

HERE = Path(nodes.__file__).parents[1]


def web(namespace: str) -> list[dict[str, Any]]:
    """Two replicas of a web server that says its pod's name, and a Service."""
    script = 'echo "$HOSTNAME" > /tmp/index.html; exec /busybox httpd -f -p 8080 -h /tmp'
    container = {
        "name": "web",
        "image": PAUSE,
        "imagePullPolicy": "Never",
        "command": ["/busybox", "sh", "-c", script.replace("echo", "/busybox echo")],
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
        "readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1},
    }
    pod = {
        "terminationGracePeriodSeconds": 0,
        "containers": [container],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }
    labels = {"app": "web"}
    meta = {"name": "web", "namespace": namespace}
    template = {"metadata": {"labels": labels}, "spec": pod}
    workload = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    port = {"port": 80, "targetPort": 8080}
    service = {"type": "NodePort", "selector": labels, "ports": [port]}
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": workload},
        {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": service},
    ]


def wait_for(address: str) -> None:
    """Waits until the proxy of Services knows an address: it learns of pods after they are ready."""
    while True:
        try:
            httpx.get(address, trust_env=False)
            return
        except httpx.ConnectError:
            time.sleep(0.1)


def test_services_reach_every_pod_from_outside(node: Node) -> None:
    namespace = node.namespace()
    node.apply(web(namespace))
    node.kubectl("rollout", "status", "deployment/web", "-n", namespace, "--timeout=100s")
    pods = {pod["metadata"]["name"] for pod in node.get("pods", "-n", namespace)["items"]}
    service = node.get("service", "web", "-n", namespace)["spec"]
    outside = f"http://10.244.0.1:{service['ports'][0]['nodePort']}"
    wait_for(outside)
    assert {httpx.get(outside, trust_env=False).text.strip() for _ in range(40)} == pods
    node.kubectl("delete", "namespace", namespace, "--wait=false")


def test_a_second_node_waits_for_the_first(node: Node) -> None:
    code = "from harness.node import take_lock; print('asking', flush=True); take_lock(); print('taken')"
    asked = subprocess.Popen([sys.executable, "-c", code], cwd=HERE, stdout=subprocess.PIPE, text=True)
    assert asked.stdout
    assert asked.stdout.readline() == "asking\n"
    try:
        asked.wait(1)
    except subprocess.TimeoutExpired:
        asked.kill()
    assert asked.wait() < 0
    asked.stdout.close()
