"""What keeps pods from coming up is read from what Kubernetes says of them."""

from typing import Any

import pytest
from lightkube.resources.core_v1 import Pod as Found

from flowscale_controllers.observe.pods import Pod, Trouble, pod_of

UNBOUND = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims."


def pod(status: dict[str, Any], **metadata: Any) -> Pod:
    labels = {"flowscale.ai/deployment": "portrait"}
    return pod_of(
        Found.from_dict({"metadata": {"name": "one", "labels": labels, **metadata}, "status": status})
    )


def unscheduled(message: str) -> dict[str, Any]:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    return {"conditions": [condition]}


def waiting(reason: str, message: str, **more: Any) -> dict[str, Any]:
    state = {"waiting": {"reason": reason, "message": message}}
    usual = {"name": "worker", "image": "i", "imageID": "", "ready": False, "restartCount": 0, "state": state}
    return {"containerStatuses": [usual | more]}


@pytest.mark.parametrize(
    ("status", "trouble"),
    [
        (
            unscheduled("0/3 nodes: 3 Insufficient cpu."),
            Trouble("Unschedulable", "0/3 nodes: 3 Insufficient cpu."),
        ),
        (unscheduled(UNBOUND), Trouble("VolumePending", UNBOUND)),
        (waiting("ImagePullBackOff", "no such image"), Trouble("ImageNotPulled", "no such image")),
        (waiting("CreateContainerConfigError", "no secret"), Trouble("NotCreated", "no secret")),
        (waiting("ContainerCreating", ""), None),
        ({}, None),
    ],
)
def test_a_pod_says_what_it_lacks(status: dict[str, Any], trouble: Trouble | None) -> None:
    assert pod(status) == Pod("portrait", trouble)


def test_a_crash_loop_is_told_with_its_last_end() -> None:
    last = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    found = pod(waiting("CrashLoopBackOff", "back-off 5m0s", restartCount=3, lastState=last))
    assert found.trouble == Trouble("Crashing", "worker ended with 137, OOMKilled; started 4 times")


def test_a_pod_that_leaves_lacks_nothing() -> None:
    assert pod(unscheduled("no"), deletionTimestamp="2026-01-01T00:00:00Z").trouble is None
