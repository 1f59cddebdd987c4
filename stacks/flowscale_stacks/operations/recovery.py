"""After an update that died: the state is made to hold nothing half-done. And before a stack is removed: nothing protected."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pulumi.automation import Deployment

if TYPE_CHECKING:
    from collections.abc import Collection

    from pulumi.automation import Stack


def pending(state: Deployment) -> tuple[dict[str, Any], ...]:
    """The operations that an update had begun when it died."""
    return tuple((state.deployment or {}).get("pending_operations") or ())


def recover(stack: Stack, state: Deployment) -> tuple[str, ...]:
    """Drops what is pending; answers with the names of what had been begun.

    The next update makes what isn't there, and takes over what is: whatever bears our labels is ours.
    """
    begun = pending(state)
    if begun:
        kept = {key: value for key, value in (state.deployment or {}).items() if key != "pending_operations"}
        stack.import_stack(Deployment(version=state.version, deployment=kept))
    return tuple(each["resource"]["urn"].rpartition("::")[2] for each in begun)


def objects(state: Deployment) -> tuple[dict[str, Any], ...]:
    """The Kubernetes objects that a state lists."""
    listed = (state.deployment or {}).get("resources") or ()
    inputs = (each.get("inputs") or {} for each in listed if each["type"].startswith("kubernetes:"))
    return tuple(each for each in inputs if "kind" in each)


def unprotected(state: Deployment, keep: Collection[str] = ()) -> Deployment:
    """The state without protection; definitions are deleted with the stack unless `keep` has their names."""
    deployment = json.loads(json.dumps(state.deployment))
    for each in deployment.get("resources") or ():
        each.pop("protect", None)
        if each.get("retainOnDelete") and each["inputs"]["metadata"]["name"] not in keep:
            each.pop("retainOnDelete")
    return Deployment(version=state.version, deployment=deployment)
