"""The custom resources of deployments and budgets, and their definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowscale_specs.resources import budget_resource_of, definitions, resources_of
from flowscale_stacks.compile.objects import MANAGED_BY, labels, named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowscale_stacks.compile.context import Context
    from flowscale_stacks.compile.objects import Object


def crds() -> Iterator[Object]:
    """The definitions; all environments of a cluster share them."""
    for definition in definitions():
        yield {**definition, "metadata": {**definition["metadata"], "labels": dict(MANAGED_BY)}}


def resources(context: Context) -> Iterator[Object]:
    """What gateways serve and controllers act on."""
    for name in context.project.budgets:
        yield _placed(context, budget_resource_of(context.project, name), "budget")
    for resource in resources_of(context.project, context.releases):
        yield _placed(context, resource, "deployment", resource["metadata"]["name"])


def _placed(context: Context, resource: Object, component: str, deployment: str | None = None) -> Object:
    metadata = {
        "name": named(resource["metadata"]["name"]),
        "namespace": context.namespace,
        "labels": labels(context, component, deployment),
    }
    return {**resource, "metadata": metadata}
