"""What all objects have in common: their form, names and labels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flowscale_stacks.compile.errors import BadName

if TYPE_CHECKING:
    from flowscale_stacks.compile.context import Context

Object = dict[str, Any]
"""A Kubernetes object as plain JSON."""

_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]")
MANAGED_BY = {"app.kubernetes.io/part-of": "flowscale", "app.kubernetes.io/managed-by": "flowscale"}
DEPLOYMENT = "flowscale.ai/deployment"
OWNERS = ("flowscale.ai/project", "flowscale.ai/environment")
"""The labels that say whose an object is."""


def labels(context: Context, component: str, deployment: str | None = None) -> dict[str, str]:
    """The labels of every object."""
    found = {
        "app.kubernetes.io/name": component,
        "app.kubernetes.io/component": component,
        **MANAGED_BY,
        **ownership(context),
    }
    return {**found, DEPLOYMENT: label(deployment)} if deployment else found


def ownership(context: Context) -> dict[str, str]:
    """Whose an object is, as labels."""
    return dict(zip(OWNERS, map(label, (context.project.name, context.target.name)), strict=True))


def selector(component: str, deployment: str | None = None) -> dict[str, str]:
    """What pods of a component are selected by; it never changes, as Kubernetes wants it."""
    found = {"app.kubernetes.io/component": component, "app.kubernetes.io/part-of": "flowscale"}
    return {**found, DEPLOYMENT: deployment} if deployment else found


def label(value: str) -> str:
    """A value that a label takes. Raises BadName."""
    if not _LABEL.fullmatch(value):
        raise BadName(
            f"{value!r} can't be a label in Kubernetes: take letters, digits, dots and dashes, 63 at most"
        )
    return value


def named(name: str) -> str:
    """A name that an object takes. Raises BadName."""
    if len(name) > 253 or not _SUBDOMAIN.fullmatch(name):
        raise BadName(
            f"{name!r} can't be the name of a Kubernetes object: take small letters, digits and dashes, and "
            "no dot beside a dot or a dash"
        )
    return name


def made(
    kind: str, name: str, context: Context, component: str, *, deployment: str | None = None, **rest: Any
) -> Object:
    """An object in the namespace of the target. `kind` is written `group/version/Kind`; `rest` is its body."""
    version, _, word = kind.rpartition("/")
    metadata = {
        "name": named(name),
        "namespace": context.namespace,
        "labels": labels(context, component, deployment),
    }
    return {"apiVersion": version, "kind": word, "metadata": metadata, **rest}


def everywhere(kind: str, name: str, context: Context, component: str, **rest: Any) -> Object:
    """An object that belongs to no namespace."""
    found = made(kind, name, context, component, **rest)
    del found["metadata"]["namespace"]
    return found


def quantity(amount: int) -> str:
    """Bytes as Kubernetes writes them, in the largest unit that is exact."""
    for unit, size in (("Ti", 2**40), ("Gi", 2**30), ("Mi", 2**20), ("Ki", 2**10)):
        if amount and amount % size == 0:
            return f"{amount // size}{unit}"
    return str(amount)
