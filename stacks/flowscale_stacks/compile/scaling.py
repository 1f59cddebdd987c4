"""KEDA in place of FlowScale's own scaling, where it is asked for: instances follow the length of the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowscale_stacks.compile import settings
from flowscale_stacks.compile.environments import groups
from flowscale_stacks.compile.executor import name_of
from flowscale_stacks.compile.objects import made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowscale_specs import ResolvedDeployment
    from flowscale_stacks.compile.context import Context
    from flowscale_stacks.compile.objects import Object

_NAME = "queue"
_QUEUE = "SELECT count(*) FROM runs WHERE state IN ('queued', 'running')"


def scaled_objects(context: Context) -> Iterator[Object]:
    """A ScaledObject for each executor, and how KEDA reaches the queue."""
    if context.hosting.scaler != "keda":
        return
    yield from _authentication(context)
    for deployment in context.project.deployments.values():
        for group in groups(context, deployment):
            yield _scaled_object(context, deployment, name_of(deployment, group))


def _authentication(context: Context) -> Iterator[Object]:
    secret = settings.database_secret(context)
    if secret is not None:
        target = {"parameter": "connection", "name": secret[0], "key": secret[1]}
        yield made(
            "keda.sh/v1alpha1/TriggerAuthentication",
            _NAME,
            context,
            "scaling",
            spec={"secretTargetRef": [target]},
        )


def _scaled_object(context: Context, deployment: ResolvedDeployment, executor: str) -> Object:
    scaling = deployment.scaling
    spec: dict[str, Any] = {
        "scaleTargetRef": {"name": executor},
        "pollingInterval": 5,
        "cooldownPeriod": max(int(scaling.idle_timeout), 1),
        "minReplicaCount": scaling.min,
        "maxReplicaCount": max(scaling.max, 1),
        "triggers": [_trigger(context, deployment)],
    }
    return made(
        "keda.sh/v1alpha1/ScaledObject", executor, context, "scaling", deployment=deployment.name, spec=spec
    )


def _trigger(context: Context, deployment: ResolvedDeployment) -> dict[str, Any]:
    # A name of a deployment has letters, digits, dots and dashes alone.
    query = f"{_QUEUE} AND deployment = '{deployment.name}'"
    metadata = {"query": query, "targetQueryValue": str(deployment.scaling.queue_depth)}
    if settings.database_secret(context) is None:
        return {"type": "postgresql", "metadata": {**metadata, "connectionFromEnv": "FLOWSCALE_DATABASE"}}
    return {"type": "postgresql", "metadata": metadata, "authenticationRef": {"name": _NAME}}
