"""Executors: a Deployment for each deployment, GPU type and environment of its releases."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from flowscale_stacks.compile import gpus, settings
from flowscale_stacks.compile.environments import groups
from flowscale_stacks.compile.objects import made, quantity, selector
from flowscale_stacks.compile.pods import probes, resources, spread, template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowscale_specs import ResolvedDeployment
    from flowscale_stacks.compile.context import Context
    from flowscale_stacks.compile.environments import Group
    from flowscale_stacks.compile.objects import Object

NAME = "executor"
ENVIRONMENT = "flowscale.ai/environment-digest"
_MARGIN = 60
"""Seconds beyond the timeout of a run, in which its outputs are stored."""
_START = 900
"""Seconds in which weights must be loaded."""


def executors(context: Context) -> Iterator[Object]:
    """The executors of all deployments, and the volume that they share where one is asked for."""
    if context.hosting.model_cache.kind == "shared":
        yield _shared_cache(context)
    for deployment in context.project.deployments.values():
        for group in groups(context, deployment):
            yield _executor(context, deployment, group)


def name_of(deployment: ResolvedDeployment, group: Group) -> str:
    """What the executor of a group is called."""
    return f"{NAME}-{deployment.name}-{deployment.gpu.name.lower()}-{short(group.environment)}"


def short(digest: str) -> str:
    """The first digits of a digest."""
    return digest.removeprefix("sha256:")[:8]


def _executor(context: Context, deployment: ResolvedDeployment, group: Group) -> Object:
    # Without `replicas`: controllers own the number through the scale subresource, and an update of the rest, applied by
    # the server for its own manager alone, leaves it as it is.
    chosen = {**selector(NAME, deployment.name), ENVIRONMENT: short(group.environment)}
    pods = _pods(context, deployment, group)
    pods["metadata"]["labels"] |= {ENVIRONMENT: short(group.environment)}
    found = made(
        "apps/v1/Deployment",
        name_of(deployment, group),
        context,
        NAME,
        deployment=deployment.name,
        spec={
            "revisionHistoryLimit": 3,
            # A new pod runs before an old one goes; weights take their time to load.
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "progressDeadlineSeconds": _START * 2,
            "selector": {"matchLabels": chosen},
            "template": pods,
        },
    )
    found["metadata"]["labels"] |= {ENVIRONMENT: short(group.environment)}
    found["metadata"]["annotations"] = {
        "flowscale.ai/environment": group.environment,
        "flowscale.ai/scaler": context.hosting.scaler,
        "flowscale.ai/releases": ",".join(f"{version}={digest}" for version, digest in group.releases),
    }
    return found


def _timeout(deployment: ResolvedDeployment) -> int:
    """Whole seconds that a run may take."""
    return math.ceil(deployment.limits.timeout)


def _pods(context: Context, deployment: ResolvedDeployment, group: Group) -> dict[str, Any]:
    volumes, mounts = settings.files(context, ("internal", "database", "objects"))
    return template(
        context,
        NAME,
        _container(context, deployment, group, mounts),
        [
            {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": quantity(gpus.SHARED_MEMORY)}},
            {"name": "data", "emptyDir": {"sizeLimit": "20Gi"}},
            _cache(context),
            *volumes,
        ],
        deployment=deployment.name,
        terminationGracePeriodSeconds=_timeout(deployment) + _MARGIN,
        topologySpreadConstraints=spread(NAME, deployment.name),
        **gpus.placement(gpus.here(deployment)),
    )


def _container(
    context: Context, deployment: ResolvedDeployment, group: Group, mounts: list[dict[str, Any]]
) -> dict[str, Any]:
    # Ready when its first host is warm, so that an upgrade keeps the old pod until then. It stops taking runs when it is
    # told to end, and has the grace of a whole run to finish.
    gpu = gpus.here(deployment)
    servers = [settings.value("FLOWSCALE_COMFYUI_SERVERS", " ".join(deployment.comfyui))]
    return {
        "name": "worker",
        "image": group.image,
        "args": [
            *("worker", "--deployment", deployment.name),
            *("--grace", str(_timeout(deployment))),
            *("--health", f"{settings.EVERYWHERE}:{settings.HTTP}"),
        ],
        "env": [
            *settings.common(context),
            *settings.tracing(context),
            *settings.stores(context),
            settings.value("FLOWSCALE_DATA", "/data"),
            settings.value("FLOWSCALE_MODELS", "/data/models"),
            settings.value("FLOWSCALE_MODEL_CACHE", "/data/models/.cache"),
            settings.value("FLOWSCALE_MODEL_CACHE_SIZE", str(context.hosting.model_cache.size * 9 // 10)),
            settings.value("FLOWSCALE_ENGINE", context.hosting.engine),
            *(servers if deployment.comfyui else ()),
            *(settings.value(name, text) for name, text in sorted(deployment.variables.items())),
            *(
                settings.from_secret(name, *settings.secret_of(reference))
                for name, reference in sorted(deployment.secrets.items())
            ),
        ],
        "ports": [{"name": "http", "containerPort": settings.HTTP, "protocol": "TCP"}],
        "resources": resources(gpus.processors(gpu), gpus.memory(deployment), **gpus.devices(gpu)),
        **probes(start_seconds=_START),
        "volumeMounts": [
            {"name": "shm", "mountPath": "/dev/shm"},  # noqa: S108 (where Triton's backends share memory)
            {"name": "data", "mountPath": "/data"},
            {"name": "models", "mountPath": "/data/models"},
            *mounts,
        ],
    }


def _cache(context: Context) -> dict[str, Any]:
    """The volume that models are kept in. By default it needs nothing that a cluster may lack, such as a storage class."""
    cache = context.hosting.model_cache
    if cache.kind == "node":
        return {"name": "models", "emptyDir": {"sizeLimit": quantity(cache.size)}}
    if cache.kind == "shared":
        return {"name": "models", "persistentVolumeClaim": {"claimName": "models"}}
    claim = {"spec": _claim(cache.size, cache.storage_class, "ReadWriteOnce")}
    return {"name": "models", "ephemeral": {"volumeClaimTemplate": claim}}


def _shared_cache(context: Context) -> Object:
    cache = context.hosting.model_cache
    spec = _claim(cache.size, cache.storage_class, "ReadWriteMany")
    return made("v1/PersistentVolumeClaim", "models", context, NAME, spec=spec)


def _claim(size: int, storage_class: str | None, mode: str) -> dict[str, Any]:
    chosen = {"storageClassName": storage_class} if storage_class else {}
    return {"accessModes": [mode], "resources": {"requests": {"storage": quantity(size)}}, **chosen}
