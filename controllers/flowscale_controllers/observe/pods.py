"""What keeps a pod from coming up, in one word and Kubernetes' own sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_WAITING = {
    "ErrImagePull": "ImageNotPulled",
    "ImagePullBackOff": "ImageNotPulled",
    "ErrImageNeverPull": "ImageNotPulled",
    "InvalidImageName": "ImageNotPulled",
    "CrashLoopBackOff": "Crashing",
    "CreateContainerConfigError": "NotCreated",
    "CreateContainerError": "NotCreated",
    "RunContainerError": "NotCreated",
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a pod doesn't come up: one word for machines, a sentence for people."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Pod:
    """All that is kept of a pod: whose it is, and what it lacks."""

    deployment: str
    trouble: Trouble | None


def pod_of(found: Any) -> Pod:
    """A pod as the cluster has it."""
    labels = found.metadata.labels or {}
    leaving = found.metadata.deletionTimestamp is not None
    trouble = None if leaving or found.status is None else next(_troubles(found.status), None)
    return Pod(labels.get("flowscale.ai/deployment", ""), trouble)


def _troubles(status: Any) -> Iterator[Trouble]:
    yield from _scheduling(status)
    for container in (*(status.initContainerStatuses or ()), *(status.containerStatuses or ())):
        waiting = container.state.waiting if container.state else None
        if waiting is not None and waiting.reason in _WAITING:
            yield Trouble(_WAITING[waiting.reason], _ended(container) or waiting.message or waiting.reason)


def _scheduling(status: Any) -> Iterator[Trouble]:
    for condition in status.conditions or ():
        if condition.type == "PodScheduled" and condition.status == "False":
            message = condition.message or "no node was found"
            yield Trouble("VolumePending" if "PersistentVolumeClaim" in message else "Unschedulable", message)


def _ended(container: Any) -> str:
    """How a container that is started again and again has ended last."""
    last = container.lastState.terminated if container.lastState else None
    if last is None:
        return ""
    return f"{container.name} ended with {last.exitCode}, {last.reason or 'unsaid why'}; started {container.restartCount + 1} times"
