"""What the GPUs of a cluster with a fixed number of nodes leave for each deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowscale_controllers.decisions.packing import Claim, Node, share
from flowscale_controllers.decisions.values import Limit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowscale_specs import ResolvedDeployment


class Contention:
    """The last need of each deployment, and what each may have. Nothing is bound where nodes come by themselves."""

    def __init__(self, *, fixed: bool) -> None:
        self._fixed = fixed
        self._claims: dict[str, Claim] = {}
        self._granted: dict[str, int] = {}

    def limits(self, name: str) -> tuple[Limit, ...]:
        """The bound that GPUs set to a deployment."""
        claim = self._claims.get(name)
        granted = self._granted.get(name)
        if claim is None or granted is None or granted >= claim.needed:
            return ()
        message = f"there are {claim.resource} devices for {granted}; others come first"
        return (Limit(instances=granted, reason="NoGpus", message=message),)

    def need(
        self, deployment: ResolvedDeployment, needed: int, current: int, nodes: Iterable[Any]
    ) -> list[str]:
        """Takes what a deployment needs now; returns the deployments that may have another number than before."""
        gpu = deployment.gpu
        if not self._fixed or gpu.resource is None:
            return []
        self._claims[deployment.name] = Claim(
            deployment=deployment.name,
            priority=deployment.scaling.priority,
            resource=gpu.resource,
            count=gpu.count,
            selector=tuple(sorted(gpu.node_selector.items())),
            needed=needed,
            current=current,
        )
        return self._shared(nodes)

    def forget(self, names: Iterable[str]) -> None:
        """Drops deployments that are gone."""
        for name in names:
            self._claims.pop(name, None)

    def _shared(self, nodes: Iterable[Any]) -> list[str]:
        before = self._granted
        self._granted = share(self._claims.values(), [node_of(each) for each in nodes])
        return [name for name, granted in self._granted.items() if before.get(name) != granted]


def node_of(found: Any) -> Node:
    """A node as packing takes it; one that takes no new pods has no devices."""
    shut = bool(found.spec and found.spec.unschedulable)
    allocatable = {} if shut or not found.status else found.status.allocatable or {}
    devices = {
        name: int(count) for name, count in allocatable.items() if "/" in name and str(count).isdigit()
    }
    return Node(labels=found.metadata.labels or {}, devices=devices)
