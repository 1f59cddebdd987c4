"""How the engine treats an object beyond applying it: what it protects, keeps, and leaves to controllers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowscale_stacks.components.objects import DEFINITION, DEPLOYMENT_LABEL, NAMESPACE, labels

if TYPE_CHECKING:
    from flowscale_stacks.components.objects import Object

DATA = frozenset({NAMESPACE, "PersistentVolumeClaim", "StatefulSet", "WorkflowDeployment", "Budget"})
"""Kinds whose replacement loses data or history: they keep their place when they move between components."""
PROTECTED = frozenset({NAMESPACE, "PersistentVolumeClaim"})
"""Kinds that only `flowscale destroy` removes."""
SKIP_AWAIT = "pulumi.com/skipAwait"


@dataclass(frozen=True, slots=True)
class Handling:
    """What the engine is told about one object."""

    protect: bool = False
    retain: bool = False
    """Kept in the cluster when the stack is gone: other stacks may use it."""
    movable: bool = False
    ignored: tuple[str, ...] = ()
    """Paths that controllers own."""
    awaited: bool = True
    secret: bool = False


def handling(wanted: Object) -> Handling:
    """How an object is treated, by what it is."""
    kind = wanted["kind"]
    scaled_by_us = kind == "Deployment" and DEPLOYMENT_LABEL in labels(wanted)
    return Handling(
        protect=kind in PROTECTED,
        retain=kind == DEFINITION,
        movable=kind in DATA,
        ignored=("spec.replicas",) if kind == "Deployment" else (),
        awaited=not scaled_by_us,
        secret=kind == "Secret",
    )
