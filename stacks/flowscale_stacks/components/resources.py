"""From a plain object to a Pulumi resource: the class of its kind in `pulumi_kubernetes`, else a custom resource."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from flowscale_stacks.components.handling import SKIP_AWAIT, handling

if TYPE_CHECKING:
    from flowscale_stacks.components.objects import Object

_SECRET_FIELDS = frozenset({"data", "stringData"})


def resource(name: str, wanted: Object, opts: pulumi.ResourceOptions) -> pulumi.CustomResource:
    """The resource of an object; `opts` say parent, provider and what must be there before."""
    how = handling(wanted)
    added = pulumi.ResourceOptions(
        protect=how.protect,
        retain_on_delete=how.retain,
        ignore_changes=list(how.ignored),
        aliases=[pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)] if how.movable else None,
        delete_before_replace=True,
    )
    merged = pulumi.ResourceOptions.merge(added, opts)
    given = wanted if how.awaited else _unawaited(wanted)
    kind = resource_class(given["apiVersion"], given["kind"])
    if kind is None:
        return _custom(name, given, merged)
    arguments = {_snake(key): _sealed(key, value, how.secret) for key, value in given.items()}
    made: pulumi.CustomResource = kind(name, opts=merged, **arguments)
    return made


@cache
def resource_class(api_version: str, kind: str) -> type[Any] | None:
    """The class for a kind: `apps/v1` and `Deployment` are `pulumi_kubernetes.apps.v1.Deployment`."""
    group, _, version = api_version.rpartition("/")
    package = group.partition(".")[0] or "core"
    known = not group or "." not in group or group.endswith(".k8s.io")
    if not known:
        return None
    try:
        module = import_module(f"pulumi_kubernetes.{package}.{version}")
    except ModuleNotFoundError:
        return None
    found = getattr(module, kind, None)
    return found if isinstance(found, type) else None


def _custom(name: str, wanted: Object, opts: pulumi.ResourceOptions) -> pulumi.CustomResource:
    """A resource of a kind that a definition brought; fields beside `spec` are passed on as they are."""
    if not set(wanted) - {"apiVersion", "kind", "metadata", "spec"}:
        made: pulumi.CustomResource = CustomResource(
            name, wanted["apiVersion"], wanted["kind"], wanted.get("spec"), wanted["metadata"], opts
        )
        return made
    return pulumi.CustomResource(f"kubernetes:{wanted['apiVersion']}:{wanted['kind']}", name, wanted, opts)


def _unawaited(wanted: Object) -> Object:
    """The object marked so that an update doesn't wait for pods that a controller starts when it wants to."""
    meta = wanted["metadata"]
    annotations = {**(meta.get("annotations") or {}), SKIP_AWAIT: "true"}
    return {**wanted, "metadata": {**meta, "annotations": annotations}}


def _sealed(key: str, value: Any, secret: bool) -> Any:
    return pulumi.Output.secret(value) if secret and key in _SECRET_FIELDS else value


def _snake(key: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", key).lower()
