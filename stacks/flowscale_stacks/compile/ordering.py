"""The order in which objects can be applied, and what the API server would refuse."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flowscale_specs.kinds.base import API_VERSION
from flowscale_stacks.compile.errors import NameClash, TooLarge

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowscale_stacks.compile.objects import Object

_RBAC, _ADMISSION = "rbac.authorization.k8s.io/v1", "admissionregistration.k8s.io/v1"
VERSIONS = {
    "Namespace": "v1",
    "CustomResourceDefinition": "apiextensions.k8s.io/v1",
    "PriorityClass": "scheduling.k8s.io/v1",
    "ServiceAccount": "v1",
    "Role": _RBAC,
    "RoleBinding": _RBAC,
    "NetworkPolicy": "networking.k8s.io/v1",
    "ResourceQuota": "v1",
    "ValidatingAdmissionPolicy": _ADMISSION,
    "ValidatingAdmissionPolicyBinding": _ADMISSION,
    "ConfigMap": "v1",
    "PersistentVolumeClaim": "v1",
    "Job": "batch/v1",
    "Service": "v1",
    "StatefulSet": "apps/v1",
    "Budget": API_VERSION,
    "WorkflowDeployment": API_VERSION,
    "Deployment": "apps/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "PodDisruptionBudget": "policy/v1",
    "TriggerAuthentication": "keda.sh/v1alpha1",
    "ScaledObject": "keda.sh/v1alpha1",
    "Gateway": "gateway.networking.k8s.io/v1",
    "HTTPRoute": "gateway.networking.k8s.io/v1",
    "Ingress": "networking.k8s.io/v1",
    "ServiceMonitor": "monitoring.coreos.com/v1",
    "PodMonitor": "monitoring.coreos.com/v1",
}
"""Every kind that is made, in the order in which they can be applied -> its apiVersion."""
_RANKS = {kind: rank for rank, kind in enumerate(VERSIONS)}
_LARGEST = 1_000_000
"""Bytes; etcd takes one and a half million, and what the server adds must fit too."""


def ordered(objects: Iterable[Object]) -> tuple[Object, ...]:
    """Objects after those that they need. Raises NameClash and TooLarge."""
    found = sorted(objects, key=_place)
    seen: set[tuple[int, str]] = set()
    for item in found:
        if _place(item) in seen:
            raise NameClash(f"two objects would be {_told(item)}: give one of the deployments another name")
        seen.add(_place(item))
    return tuple(map(_plain, found))


def _plain(item: Object) -> Object:
    """An object that shares nothing with others, if it isn't too large."""
    text = json.dumps(item, ensure_ascii=False)
    size = len(text.encode())
    if size > _LARGEST:
        raise TooLarge(
            f"{_told(item)} has {size:,} bytes, and the API server takes {_LARGEST:,}: shorten what it says"
        )
    plain: Object = json.loads(text)
    return plain


def _place(item: Object) -> tuple[int, str]:
    return _RANKS[item["kind"]], item["metadata"]["name"]


def _told(item: Object) -> str:
    return f"{item['kind']} {item['metadata']['name']}"
