"""GPU types as pods ask for them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flowscale_stacks.compile.objects import quantity

if TYPE_CHECKING:
    from flowscale_specs import ResolvedDeployment, ResolvedGpu

_GIB = 2**30
_PROCESS = 2 * _GIB
"""What a worker needs beside what a run computes with."""
SHARED_MEMORY = 2 * _GIB


def here(deployment: ResolvedDeployment) -> ResolvedGpu:
    """What pods of a deployment need of its GPU type: nothing where ComfyUI servers compute, wherever these are."""
    if not deployment.comfyui:
        return deployment.gpu
    return replace(deployment.gpu, resource=None, memory=0, node_selector={}, tolerations=())


def devices(gpu: ResolvedGpu) -> dict[str, int]:
    """The devices of one instance: whole ones, a MIG slice, or one of several shares of a device."""
    if gpu.resource is None:
        return {}
    return {gpu.resource: 1 if gpu.mig or gpu.replicas > 1 else gpu.count}


def memory(deployment: ResolvedDeployment) -> str:
    """Main memory of one instance: what a run may use, or as much as its GPU has, since weights pass through it."""
    gpu = here(deployment)
    run = deployment.limits.memory or max(gpu.memory, 4 * _GIB)
    return quantity(-(-(run + _PROCESS + SHARED_MEMORY) // _GIB) * _GIB)


def processors(gpu: ResolvedGpu) -> str:
    """Processors that one instance is sure of."""
    return "2" if gpu.resource is None else "4"


def placement(gpu: ResolvedGpu) -> dict[str, Any]:
    """On which nodes pods of a type may be."""
    found: dict[str, Any] = {}
    if gpu.node_selector:
        found["nodeSelector"] = dict(gpu.node_selector)
    if gpu.tolerations:
        found["tolerations"] = [_toleration(t.key, t.operator, t.value, t.effect) for t in gpu.tolerations]
    return found


def _toleration(key: str, operator: str, value: str | None, effect: str | None) -> dict[str, str]:
    given = {"key": key, "operator": operator, "value": value, "effect": effect}
    return {name: text for name, text in given.items() if text is not None}
