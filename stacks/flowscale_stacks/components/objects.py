"""Facts about plain Kubernetes objects that decide how they are laid out: what they are called, whose they are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Object = dict[str, Any]
DEPLOYMENT_LABEL = "flowscale.ai/deployment"
DEFINITION, NAMESPACE = "CustomResourceDefinition", "Namespace"
POLICIES = frozenset({"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"})


@dataclass(frozen=True, slots=True)
class Layout:
    """Objects by what must be there first and by whom they serve."""

    definitions: tuple[Object, ...]
    namespaces: tuple[Object, ...]
    policies: tuple[Object, ...]
    shared: tuple[Object, ...]
    deployments: Mapping[str, tuple[Object, ...]]


def laid_out(objects: Iterable[Object]) -> Layout:
    """Sorts objects into a layout; their order within each part stays."""
    parts: dict[str, list[Object]] = {"definitions": [], "namespaces": [], "policies": [], "shared": []}
    deployments: dict[str, list[Object]] = {}
    for each in objects:
        owner = labels(each).get(DEPLOYMENT_LABEL)
        if owner and each["kind"] not in POLICIES:
            deployments.setdefault(owner, []).append(each)
        else:
            parts[_part(each["kind"])].append(each)
    owned = {name: tuple(found) for name, found in deployments.items()}
    return Layout(**{name: tuple(found) for name, found in parts.items()}, deployments=owned)


def labels(wanted: Object) -> Mapping[str, str]:
    """An object's labels."""
    return wanted["metadata"].get("labels") or {}


def identity(wanted: Object) -> str:
    """What people call an object: `Deployment flowscale-prod/gateway`."""
    meta = wanted["metadata"]
    return f"{wanted['kind']} {'/'.join(filter(None, (meta.get('namespace'), meta['name'])))}"


def names(objects: Sequence[Object], namespace: str) -> list[str]:
    """A name for each object in a stack: its own, with the namespace where that is not the project's."""
    plain = [each["metadata"]["name"] for each in objects]
    places = [each["metadata"].get("namespace") for each in objects]
    found = [
        name if place in (None, namespace) else f"{place}/{name}"
        for name, place in zip(plain, places, strict=True)
    ]
    keys = [(each["apiVersion"], each["kind"], name) for each, name in zip(objects, found, strict=True)]
    twice = {key for key, count in Counter(keys).items() if count > 1}
    if twice:
        (_, kind, name), *_ = sorted(twice)
        raise ValueError(f"{kind} {name} is declared twice: give one of them another name")
    return found


def defined_kinds(definition: Object) -> frozenset[tuple[str, str]]:
    """(apiVersion, kind) that a custom resource definition brings."""
    spec = definition["spec"]
    return frozenset(
        (f"{spec['group']}/{version['name']}", spec["names"]["kind"]) for version in spec["versions"]
    )


def namespace_of(objects: Iterable[Object]) -> str:
    """The namespace that a project lives in: the one that most objects are in."""
    places = Counter(place for each in objects if (place := each["metadata"].get("namespace")))
    return places.most_common(1)[0][0] if places else "default"


def _part(kind: str) -> str:
    if kind in POLICIES:
        return "policies"
    return {DEFINITION: "definitions", NAMESPACE: "namespaces"}.get(kind, "shared")
