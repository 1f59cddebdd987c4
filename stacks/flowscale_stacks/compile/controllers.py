"""The controllers: two processes, of which one leads and one waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowscale_stacks.compile import settings
from flowscale_stacks.compile.objects import made, selector
from flowscale_stacks.compile.pods import probes, resources, spread, template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowscale_stacks.compile.context import Context
    from flowscale_stacks.compile.objects import Object

NAME = "controllers"


def controllers(context: Context) -> Iterator[Object]:
    """Their Deployment and disruption budget."""
    volumes, mounts = settings.files(context, ("internal",))
    container = {
        "name": NAME,
        "image": context.images.controllers,
        "args": [NAME],
        "env": [
            *settings.common(context),
            settings.value("FLOWSCALE_GATEWAY", f"http://gateway:{settings.HTTP}"),
        ],
        "ports": [{"name": "http", "containerPort": settings.HTTP, "protocol": "TCP"}],
        "resources": resources("100m", "256Mi"),
        **probes(),
        "volumeMounts": mounts,
    }
    pods = template(
        context,
        NAME,
        container,
        volumes,
        terminationGracePeriodSeconds=30,
        topologySpreadConstraints=spread(NAME),
    )
    pods["spec"]["automountServiceAccountToken"] = True
    yield made(
        "apps/v1/Deployment",
        NAME,
        context,
        NAME,
        spec={
            "replicas": 2,
            "revisionHistoryLimit": 3,
            "selector": {"matchLabels": selector(NAME)},
            "template": pods,
        },
    )
    yield made(
        "policy/v1/PodDisruptionBudget",
        NAME,
        context,
        NAME,
        spec={"maxUnavailable": 1, "selector": {"matchLabels": selector(NAME)}},
    )
