"""What can be known to fail before anything is touched: missing kinds, names that are taken, objects too large."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flowscale_stacks.compile.objects import OWNERS
from flowscale_stacks.components.objects import DEFINITION, defined_kinds, identity, labels
from flowscale_stacks.operations.errors import KindMissing, NameClash, TooLarge
from flowscale_stacks.reading.server import collection

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flowscale_stacks.components.objects import Object
    from flowscale_stacks.reading.server import Cluster, Kinds

LARGEST = 1_048_576
"""Bytes of an object as JSON; an API server's own limit lies a little above."""
_BROUGHT_BY = {
    "gateway.networking.k8s.io": "install the definitions of the Gateway API",
    "cert-manager.io": "install cert-manager",
    "keda.sh": "install KEDA",
    "monitoring.coreos.com": "install the Prometheus operator",
    "argoproj.io": "install Argo Workflows, or say `hosting: {jobs: none}` in the Environment where nobody needs it",
    "external-secrets.io": "install External Secrets",
}


def preflight(cluster: Cluster, objects: Sequence[Object]) -> None:
    """Raises the error that an update of these objects would end in, as far as that can be seen from here."""
    check_sizes(objects)
    kinds = cluster.kinds()
    check_kinds(objects, kinds)
    check_names(objects, {path: cluster.names(path) for path in _places(objects, kinds)}, kinds)


def check_sizes(objects: Iterable[Object]) -> None:
    """Raises TooLarge."""
    for each in objects:
        size = len(json.dumps(each, ensure_ascii=False, separators=(",", ":")).encode())
        if size > LARGEST:
            raise TooLarge(
                f"{identity(each)} has {size:,} bytes, and an API server takes {LARGEST:,}: shorten what its spec "
                "carries; workflows and models belong in the object store, which objects name by digest"
            )


def check_kinds(objects: Sequence[Object], known: Kinds) -> None:
    """Raises KindMissing where neither the cluster nor a definition among the objects has a kind."""
    brought = {kind for each in objects if each["kind"] == DEFINITION for kind in defined_kinds(each)}
    for each in objects:
        version, kind = each["apiVersion"], each["kind"]
        if (version, kind) not in known and (version, kind) not in brought:
            advice = _BROUGHT_BY.get(version.partition("/")[0], "install its custom resource definition")
            raise KindMissing(
                f"the cluster has no kind {kind} of {version}, which {identity(each)} is: {advice}"
            )


def check_names(
    objects: Iterable[Object], taken: Mapping[str, Mapping[str, Mapping[str, str]]], kinds: Kinds
) -> None:
    """Raises NameClash where an object is in the cluster already under other owners' labels."""
    for each in objects:
        path = _place(each, kinds)
        there = taken.get(path, {}).get(each["metadata"]["name"]) if path else None
        if there is None or each["kind"] == DEFINITION:
            continue
        ours = labels(each)
        if any(there.get(key) != ours.get(key) for key in OWNERS):
            raise NameClash(
                f"{identity(each)} is in the cluster already and belongs to {_owner(there)}: remove it, or choose "
                "another `namespace` for the environment"
            )


def _places(objects: Iterable[Object], kinds: Kinds) -> list[str]:
    found = (_place(each, kinds) for each in objects if each["kind"] != DEFINITION)
    return list(dict.fromkeys(path for path in found if path))


def _place(wanted: Object, kinds: Kinds) -> str | None:
    found = kinds.get((wanted["apiVersion"], wanted["kind"]))
    if found is None:
        return None
    plural, namespaced = found
    return collection(
        wanted["apiVersion"], plural, wanted["metadata"].get("namespace") if namespaced else None
    )


def _owner(there: Mapping[str, str]) -> str:
    project, environment = (there.get(key) for key in OWNERS)
    if project:
        return f"project {project}" + (f" in environment {environment}" if environment else "")
    manager = there.get("app.kubernetes.io/managed-by")
    return manager or "somebody else"
