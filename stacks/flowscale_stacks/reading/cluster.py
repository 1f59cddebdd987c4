"""The objects of an environment as they are in its cluster: plain JSON, as the API server tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowscale_stacks.compile.objects import MANAGED_BY, OWNERS
from flowscale_stacks.compile.ordering import VERSIONS
from flowscale_stacks.reading.jobs import JOB_VERSIONS
from flowscale_stacks.reading.server import Cluster, collection

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flowscale_stacks.compile import Object
    from flowscale_stacks.reading.server import Kinds

_SELECTOR = ",".join(f"{name}={value}" for name, value in MANAGED_BY.items())
_KINDS = {**VERSIONS, **JOB_VERSIONS}


def read_cluster(wanted: Sequence[Object], context: str | None = None) -> tuple[Object, ...]:
    """What an environment has in a cluster, also of kinds that it doesn't want any more, in the order of applying.

    Objects in its namespaces are told by their labels; those in none, which environments share a cluster's, also by their
    names or owner. Raises ClusterUnreachable and CredentialsRefused.
    """
    places = {item["metadata"].get("namespace") for item in wanted} - {None}
    named = {(item["kind"], item["metadata"]["name"]) for item in wanted}
    owners = {_owner(item) for item in wanted}
    with Cluster(context) as cluster:
        found = list(_listed(cluster, cluster.kinds(), places))
    return tuple(
        item
        for item in found
        if item["metadata"].get("namespace")
        or (item["kind"], item["metadata"]["name"]) in named
        or _owner(item) in owners - {(None, None)}
    )


def _listed(cluster: Cluster, kinds: Kinds, places: set[str]) -> Iterator[Object]:
    for kind, version in _KINDS.items():
        plural, namespaced = kinds.get((version, kind), (None, False))
        if plural is None:  # the cluster has no definition of this kind
            continue
        for place in sorted(places) if namespaced else (None,):
            answer = cluster.get(collection(version, plural, place), labelSelector=_SELECTOR) or {}
            for item in answer.get("items") or ():
                yield {**item, "apiVersion": version, "kind": kind}


def _owner(item: Object) -> tuple[str | None, ...]:
    labels = item["metadata"].get("labels") or {}
    return tuple(labels.get(name) for name in OWNERS)
