"""Which fields are ours to compare: not status, not what the server writes, not what controllers own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowscale_stacks.plan.changes import Absent

if TYPE_CHECKING:
    from flowscale_stacks.compile import Object

_SERVERS = frozenset(
    {
        "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "managedFields",
        "resourceVersion", "selfLink", "uid",
    }
)  # fmt: skip
_SERVERS_NOTES = ("kubectl.kubernetes.io/", "deployment.kubernetes.io/", "pulumi.com/")

IMMUTABLE = {
    "Deployment": ("spec.selector",),
    "StatefulSet": ("spec.selector", "spec.serviceName", "spec.volumeClaimTemplates"),
    "Job": ("spec",),
    "PersistentVolumeClaim": ("spec.accessModes", "spec.storageClassName"),
    "RoleBinding": ("roleRef",),
    "PriorityClass": ("value",),
}
"""Fields that the server doesn't let change: the object is made anew."""


def without_others_fields(item: Object) -> Object:
    """An object with what its owner writes alone."""
    kept = {key: value for key, value in item.items() if key != "status"}
    metadata = {key: value for key, value in item["metadata"].items() if key not in _SERVERS}
    if "annotations" in metadata:
        metadata["annotations"] = {
            key: value for key, value in metadata["annotations"].items() if not key.startswith(_SERVERS_NOTES)
        }
    return {**kept, "metadata": metadata}


def in_place_of(live: Any, wanted: Any) -> bool:
    """Whether the server keeps nothing where an empty value was sent."""
    return isinstance(live, Absent) and wanted in ({}, [], None)
