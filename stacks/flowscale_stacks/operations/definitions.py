"""Definitions of custom resources belong to all environments of a cluster: the last one that leaves takes them with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowscale_stacks.compile.objects import MANAGED_BY
from flowscale_stacks.components.objects import DEFINITION, NAMESPACE, defined_kinds
from flowscale_stacks.reading.server import collection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowscale_stacks.components.objects import Object
    from flowscale_stacks.reading.server import Cluster


def staying(cluster: Cluster, going: Sequence[Object]) -> frozenset[str]:
    """The names of definitions that stay when the objects of a stack go: all of them while the cluster has another
    environment, which may have nothing of their kinds yet; else those that somebody's own resources are of."""
    definitions = [each for each in going if each["kind"] == DEFINITION]
    own = {each["metadata"]["name"] for each in going if each["kind"] == NAMESPACE}
    if definitions and _environments(cluster) - own:
        return frozenset(each["metadata"]["name"] for each in definitions)
    return frozenset(each["metadata"]["name"] for each in definitions if _places(cluster, each) - own)


def _environments(cluster: Cluster) -> set[str]:
    """The namespaces that FlowScale made."""
    every = cluster.names(collection("v1", "namespaces", None))
    return {name for name, labels in every.items() if MANAGED_BY.items() <= labels.items()}


def _places(cluster: Cluster, definition: dict[str, Any]) -> frozenset[str]:
    """The namespaces that have resources of a definition."""
    plural = definition["spec"]["names"]["plural"]
    paths = (collection(version, plural, None) for version, _ in defined_kinds(definition))
    return frozenset().union(*(cluster.namespaces(path) for path in paths))
