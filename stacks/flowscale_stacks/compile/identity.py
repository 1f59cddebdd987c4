"""Who the processes are in the cluster, and the least that each of them may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowscale_specs.resources import BUDGETS, GROUP, WORKFLOW_DEPLOYMENTS
from flowscale_stacks.compile.objects import made
from flowscale_stacks.compile.settings import is_bundled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowscale_stacks.compile.context import Context
    from flowscale_stacks.compile.objects import Object

_READ = ["get", "list", "watch"]
_RESOURCES = [WORKFLOW_DEPLOYMENTS.plural, BUDGETS.plural]


def identity(context: Context) -> Iterator[Object]:
    """A service account for each process, and a role for those that talk to the API server."""
    for component in components(context):
        account = made("v1/ServiceAccount", component, context, component, automountServiceAccountToken=False)
        if component in {"gateway", "executor"} and context.hosting.identity:
            account["metadata"]["annotations"] = dict(context.hosting.identity)
        yield account
    for component, rules in _roles().items():
        yield made("rbac.authorization.k8s.io/v1/Role", component, context, component, rules=rules)
        yield made(
            "rbac.authorization.k8s.io/v1/RoleBinding",
            component,
            context,
            component,
            roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": component},
            subjects=[{"kind": "ServiceAccount", "name": component, "namespace": context.namespace}],
        )


def components(context: Context) -> tuple[str, ...]:
    """The processes of an environment."""
    bundled = (
        name
        for name, store in (("database", context.target.database), ("objects", context.target.objects))
        if is_bundled(store)
    )
    return ("gateway", "executor", "controllers", "keys", *bundled)


def _roles() -> dict[str, list[dict[str, Any]]]:
    """Gateways watch what is declared; controllers also scale, and tell what they did; keys are only ever added."""
    return {
        "gateway": [_rule(GROUP, _RESOURCES, _READ)],
        "controllers": [
            _rule(GROUP, _RESOURCES, _READ),
            _rule(GROUP, [f"{name}/status" for name in _RESOURCES], ["get", "patch", "update"]),
            _rule("apps", ["deployments"], _READ),
            _rule("apps", ["deployments/scale"], ["get", "patch", "update"]),
            _rule("", ["pods"], _READ),
            _rule("coordination.k8s.io", ["leases"], ["create", "get", "patch", "update"]),
            _rule("", ["events"], ["create", "patch"]),
            _rule("events.k8s.io", ["events"], ["create", "patch"]),
        ],
        "keys": [_rule("", ["secrets"], ["create"])],
    }


def _rule(group: str, resources: list[str], verbs: list[str]) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": resources, "verbs": verbs}
