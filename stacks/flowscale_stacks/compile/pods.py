"""Pods as an expert writes them: no root, nothing writable but what must be, spread over nodes, patient at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowscale_stacks.compile.objects import labels, selector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowscale_stacks.compile.context import Context

USER = 10_001
"""The user of our processes; images work with any, as their files are readable for all."""
TEMPORARY = {"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}}
TEMPORARY_MOUNT = {"name": "tmp", "mountPath": "/tmp"}  # noqa: S108 (a folder in a pod of its own)


def template(
    context: Context,
    component: str,
    container: dict[str, Any],
    volumes: Sequence[dict[str, Any]] = (),
    *,
    deployment: str | None = None,
    annotations: dict[str, str] | None = None,
    user: int = USER,
    **rest: Any,
) -> dict[str, Any]:
    """The template of pods with one container. `rest` is more of the pod's spec."""
    metadata: dict[str, Any] = {"labels": labels(context, component, deployment)}
    if annotations:
        metadata["annotations"] = annotations
    return {
        "metadata": metadata,
        "spec": {
            "serviceAccountName": component,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": pod_security(user),
            **_priority(context),
            **_pull_secrets(context),
            "containers": [hardened(container)],
            "volumes": [TEMPORARY, *volumes],
            **rest,
        },
    }


def hardened(container: dict[str, Any]) -> dict[str, Any]:
    """A container that may do nothing but compute."""
    mounts = [TEMPORARY_MOUNT, *container.get("volumeMounts", ())]
    security = {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    return {
        "imagePullPolicy": "IfNotPresent",
        **container,
        "securityContext": security,
        "volumeMounts": mounts,
    }


def pod_security(user: int) -> dict[str, Any]:
    """What the pod security standard `restricted` asks for."""
    return {
        "runAsNonRoot": True,
        "runAsUser": user,
        "runAsGroup": user,
        "fsGroup": user,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def spread(component: str, deployment: str | None = None) -> list[dict[str, Any]]:
    """Pods of a component on different nodes and zones, where there is a choice."""
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": selector(component, deployment)},
        }
        for key in ("kubernetes.io/hostname", "topology.kubernetes.io/zone")
    ]


def probes(port: str = "http", *, start_seconds: int = 60) -> dict[str, Any]:
    """A process starts in its time, is asked for work only when ready, and is replaced when it hangs."""
    alive = {"httpGet": {"path": "/healthz", "port": port}, "timeoutSeconds": 5}
    ready = {"httpGet": {"path": "/readyz", "port": port}, "timeoutSeconds": 5}
    return {
        "startupProbe": {**alive, "periodSeconds": 2, "failureThreshold": start_seconds // 2},
        "readinessProbe": {**ready, "periodSeconds": 5, "failureThreshold": 2},
        "livenessProbe": {**alive, "periodSeconds": 10, "failureThreshold": 6},
    }


def resources(cpu: str, memory: str, **devices: int) -> dict[str, Any]:
    """Memory and devices are never shared out twice; processors are, as a limit on them only makes answers slow."""
    counted = {name: str(count) for name, count in devices.items()}
    return {
        "requests": {"cpu": cpu, "memory": memory, **counted},
        "limits": {"memory": memory, **counted},
    }


def _priority(context: Context) -> dict[str, str]:
    return {} if context.hosting.priority is None else {"priorityClassName": priority_class(context)}


def priority_class(context: Context) -> str:
    """The name of the environment's priority class; it belongs to no namespace, so that of its own is in it."""
    return f"flowscale-{context.namespace}"


def _pull_secrets(context: Context) -> dict[str, Any]:
    names = context.hosting.image_pull_secrets
    return {"imagePullSecrets": [{"name": name} for name in names]} if names else {}
