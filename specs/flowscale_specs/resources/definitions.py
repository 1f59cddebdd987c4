"""The definitions of the custom resources, for a cluster to know them by."""

from __future__ import annotations

from typing import Any, NamedTuple

from flowscale_specs.kinds.base import API_VERSION
from flowscale_specs.resources.budget import BudgetShape
from flowscale_specs.resources.deployment import DeploymentShape
from flowscale_specs.resources.status import BudgetStatus, DeploymentStatus
from flowscale_specs.resources.structural import structural

GROUP, _, VERSION = API_VERSION.partition("/")


class Names(NamedTuple):
    """What a custom resource is called."""

    kind: str
    plural: str
    singular: str
    short: str


WORKFLOW_DEPLOYMENTS = Names("WorkflowDeployment", "workflowdeployments", "workflowdeployment", "wfd")
BUDGETS = Names("Budget", "budgets", "budget", "fsb")

_DEPLOYMENT_COLUMNS = (
    ("Workflow", "string", ".spec.workflow"),
    ("GPU", "string", ".spec.gpu"),
    ("Ready", "integer", ".status.readyReplicas"),
    ("Wanted", "integer", ".status.scaling.wanted"),
    ("State", "string", '.status.conditions[?(@.type=="Ready")].reason'),
    ("Min", "integer", ".spec.scaling.min"),
    ("Max", "integer", ".spec.scaling.max"),
    ("Rollout", "string", ".status.rollout.verdict"),
    ("Age", "date", ".metadata.creationTimestamp"),
)
_BUDGET_COLUMNS = (
    ("Scope", "string", ".spec.scope"),
    ("Target", "string", ".spec.target"),
    ("Period", "string", ".spec.period"),
    ("Limit", "integer", ".spec.limit"),
    ("Spent", "integer", ".status.spent"),
    ("Exceeded", "boolean", ".status.exceeded"),
    ("Age", "date", ".metadata.creationTimestamp"),
)


def definitions() -> tuple[dict[str, Any], ...]:
    """A CustomResourceDefinition for each kind that a cluster knows."""
    return (
        _definition(BUDGETS, structural(BudgetShape), structural(BudgetStatus), _BUDGET_COLUMNS),
        _definition(
            WORKFLOW_DEPLOYMENTS,
            structural(DeploymentShape),
            structural(DeploymentStatus),
            _DEPLOYMENT_COLUMNS,
        ),
    )


def _definition(
    names: Names, spec: dict[str, Any], status: dict[str, Any], columns: tuple[tuple[str, str, str], ...]
) -> dict[str, Any]:
    version = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": _envelope(names, spec, status)},
        "subresources": {"status": {}},
        "additionalPrinterColumns": [
            {"name": title, "type": kind, "jsonPath": path} for title, kind, path in columns
        ],
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{names.plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": names.kind,
                "listKind": f"{names.kind}List",
                "plural": names.plural,
                "singular": names.singular,
                "shortNames": [names.short],
                "categories": ["flowscale"],
            },
            "versions": [version],
        },
    }


def _envelope(names: Names, spec: dict[str, Any], status: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": spec.get("description", names.kind),
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": spec,
            "status": status,
        },
    }
