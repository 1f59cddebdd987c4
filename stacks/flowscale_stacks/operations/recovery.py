"""After an update that died: what it had begun is looked up in the cluster, and the state is made to say so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pulumi.automation import Deployment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi.automation import Stack


def pending(state: Deployment) -> tuple[dict[str, Any], ...]:
    """The operations that an update had begun when it died."""
    return tuple((state.deployment or {}).get("pending_operations") or ())


def recover(stack: Stack, state: Deployment) -> tuple[str, ...]:
    """Adopts what was created and drops what wasn't; answers with the names of what had been begun."""
    begun = pending(state)
    if not begun:
        return ()
    creating = [each["resource"] for each in begun if each["type"] == "creating"]
    words = ["refresh", "--yes", "--skip-preview", "--stack", stack.name]
    for resource in creating:
        words += ["--import-pending-creates", resource["urn"], "--import-pending-creates", identity(resource)]
    workspace = stack.workspace
    workspace.pulumi_command.run(words, workspace.work_dir, workspace.env_vars)
    _drop(stack)
    return tuple(each["resource"]["urn"].rpartition("::")[2] for each in begun)


def _drop(stack: Stack) -> None:
    """Leaves out what is still pending: objects that weren't there to be adopted."""
    state = stack.export_stack()
    if pending(state):
        kept = {key: value for key, value in (state.deployment or {}).items() if key != "pending_operations"}
        stack.import_stack(Deployment(version=state.version, deployment=kept))


def identity(resource: dict[str, Any]) -> str:
    """The id that the provider gives an object: `namespace/name`, or its name alone."""
    meta = resource["inputs"]["metadata"]
    return "/".join(filter(None, (meta.get("namespace"), meta["name"])))


def unprotected(state: Deployment, keep: Sequence[str] = ()) -> Deployment:
    """The state without protection; definitions are deleted with the stack unless `keep` has their names."""
    deployment = json.loads(json.dumps(state.deployment))
    for each in deployment.get("resources") or ():
        each.pop("protect", None)
        if each.get("retainOnDelete") and each["inputs"]["metadata"]["name"] not in keep:
            each.pop("retainOnDelete")
    return Deployment(version=state.version, deployment=deployment)
