"""The gateways: what callers reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowscale_stacks.compile import settings
from flowscale_stacks.compile.objects import made, selector
from flowscale_stacks.compile.pods import probes, resources, spread, template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowscale_stacks.compile.context import Context
    from flowscale_stacks.compile.objects import Object

NAME = "gateway"
_DRAIN = 15
"""Seconds in which load balancers learn that a gateway goes, before it stops to take calls."""
_STREAMS = 60
"""Seconds that open streams get to end."""


def gateway(context: Context) -> Iterator[Object]:
    """Its Deployment, Service, autoscaler and disruption budget."""
    yield _service(context)
    yield _deployment(context)
    yield _autoscaler(context)
    yield made(
        "policy/v1/PodDisruptionBudget",
        NAME,
        context,
        NAME,
        spec={
            "maxUnavailable": 1,
            "selector": {"matchLabels": selector(NAME)},
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    )


def _service(context: Context) -> Object:
    ports = [
        {"name": name, "port": port, "targetPort": name, "protocol": "TCP", "appProtocol": protocol}
        for name, port, protocol in (
            ("http", settings.HTTP, "http"),
            ("grpc", settings.GRPC, "kubernetes.io/h2c"),
        )
    ]
    return made("v1/Service", NAME, context, NAME, spec={"selector": selector(NAME), "ports": ports})


def _deployment(context: Context) -> Object:
    # Without `replicas`: the autoscaler owns the number, and an update must not set it back.
    volumes, mounts = settings.files(context, ("internal", "database", "objects"))
    pods = template(
        context,
        NAME,
        _container(context, mounts),
        [{"name": "data", "emptyDir": {"sizeLimit": "10Gi"}}, *volumes],
        terminationGracePeriodSeconds=_DRAIN + _STREAMS,
        topologySpreadConstraints=spread(NAME),
    )
    pods["spec"]["automountServiceAccountToken"] = True
    return made(
        "apps/v1/Deployment",
        NAME,
        context,
        NAME,
        spec={
            "revisionHistoryLimit": 3,
            "selector": {"matchLabels": selector(NAME)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": pods,
        },
    )


def _container(context: Context, mounts: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": NAME,
        "image": context.images.gateway,
        "args": ["gateway", "--resources", "--host", settings.EVERYWHERE],
        "env": [
            *settings.common(context),
            *settings.tracing(context),
            *settings.stores(context),
            settings.value("FLOWSCALE_DATA", "/data"),
            *([settings.value("FLOWSCALE_DIRECT", context.target.direct)] if context.target.direct else ()),
        ],
        "ports": [
            {"name": "http", "containerPort": settings.HTTP, "protocol": "TCP"},
            {"name": "grpc", "containerPort": settings.GRPC, "protocol": "TCP"},
        ],
        "resources": resources("250m", "512Mi"),
        "lifecycle": {"preStop": {"sleep": {"seconds": _DRAIN}}},
        **probes(),
        "volumeMounts": [{"name": "data", "mountPath": "/data"}, *mounts],
    }


def _autoscaler(context: Context) -> Object:
    least, most = context.hosting.gateways
    target = {"type": "Utilization", "averageUtilization": 70}
    return made(
        "autoscaling/v2/HorizontalPodAutoscaler",
        NAME,
        context,
        NAME,
        spec={
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": NAME},
            "minReplicas": least,
            "maxReplicas": most,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
        },
    )
