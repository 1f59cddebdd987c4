"""What the rollout controller says of a canary: read from the deployment's status, never decided here."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Literal

from lightkube import Client
from lightkube.core.exceptions import ApiError
from lightkube.generic_resource import create_namespaced_resource

from flowscale_jobs.errors import PromotionFailed

WorkflowDeployment = create_namespaced_resource(
    "flowscale.ai", "v1", "WorkflowDeployment", "workflowdeployments"
)
LOOK = 5.0


def verdict(status: Mapping[str, Any], digest: str) -> Literal["waiting", "passed", "failed"]:
    """How the canary of a digest stands by a deployment's status."""
    if any(one.get("digest") == digest for one in status.get("rolledBack") or ()):
        return "failed"
    rollout = status.get("rollout") or {}
    if rollout.get("digest") == digest:
        found = rollout.get("verdict")
        return "failed" if found == "rolled-back" else "passed" if found == "promoted" else "waiting"
    return "waiting"


async def follow(name: str, namespace: str, digest: str, timeout: float, clock: Callable[[], float]) -> str:
    """Waits for the controller's verdict. Raises PromotionFailed where it rolled back or took too long."""
    client, until = Client(namespace=namespace), clock() + timeout
    while True:
        try:
            found = await asyncio.to_thread(client.get, WorkflowDeployment, name)
        except ApiError as error:
            raise PromotionFailed(f"the deployment {name} can't be read: {error}") from error
        status = found.get("status") or {}
        state = verdict(status, digest)
        if state == "passed":
            return f"{name}: the canary was promoted"
        if state == "failed":
            raise PromotionFailed(
                f"{name}: the canary was rolled back: {(status.get('rollout') or {}).get('evidence')}"
            )
        if clock() > until:
            raise PromotionFailed(f"{name}: the canary had no verdict after {timeout:.0f} s")
        await asyncio.sleep(LOOK)
