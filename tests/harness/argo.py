"""Argo's real workflow controller beside a Kubernetes API: it validates and starts what it is given."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.crds import crds
from harness.kubernetes import Kubernetes
from harness.processes import Processes, free_ports
from harness.programs import program


@contextmanager
def workflow_controller(cluster: Kubernetes, namespace: str, folder: Path) -> Iterator[None]:
    """Argo looks after a namespace for as long as the block lasts."""
    cluster.install(crds("argo"))
    settings = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "workflow-controller-configmap", "namespace": namespace},
    }
    cluster.apply([settings])
    processes = Processes(folder / "argo")
    (metrics,) = free_ports(1)
    environment = {
        "LEADER_ELECTION_DISABLE": "true",
        "ARGO_NAMESPACE": namespace,
        "METRICS_PORT": str(metrics),
    }
    try:
        processes.start(
            "workflow-controller",
            program("workflow-controller"),
            f"--kubeconfig={cluster.kubeconfig}",
            f"--namespace={namespace}",
            "--namespaced",
            "--executor-image=argoexec:test",
            "--executor-image-pull-policy=IfNotPresent",
            env=environment,
        )
        yield
    finally:
        processes.stop()
