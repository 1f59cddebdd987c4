"""Policies that the API server enforces: whatever writes a deployment, its rules are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowscale_specs.resources import GROUP, VERSION, WORKFLOW_DEPLOYMENTS
from flowscale_stacks.compile.objects import everywhere
from flowscale_stacks.policies import admission_rule, selects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowscale_specs.kinds import Policy
    from flowscale_stacks.compile.context import Context
    from flowscale_stacks.compile.objects import Object

_KIND = "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy"
_ACTIONS = {"deny": ["Deny"], "warn": ["Warn"], "approve": ["Warn", "Audit"]}
"""Approval is asked for at the plan; a cluster can only tell that it was needed."""


def admission(context: Context) -> Iterator[Object]:
    """A ValidatingAdmissionPolicy and its binding for each rule that is for this environment."""
    for policy in context.project.policies:
        environments = policy.spec.for_.environments
        if "admission" in policy.spec.at and (not environments or context.target.name in environments):
            # They belong to no namespace: that of their environment is in the name, and in what they are bound to.
            name = f"flowscale-{context.namespace}-{policy.name}"
            yield everywhere(_KIND, name, context, "policy", spec=_rule(policy))
            yield everywhere(
                f"{_KIND}Binding", name, context, "policy", spec=_binding(context, name, policy.spec.effect)
            )


def _rule(policy: Policy) -> dict[str, Any]:
    spec = policy.spec
    conditions = [{"name": name, "expression": expression} for name, expression in selects(spec.for_)]
    rule = {
        "apiGroups": [GROUP],
        "apiVersions": [VERSION],
        "operations": ["CREATE", "UPDATE"],
        "resources": [WORKFLOW_DEPLOYMENTS.plural],
    }
    told = " ".join(f"{policy.name}: {spec.message}".split())
    return {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [rule]},
        **({"matchConditions": conditions} if conditions else {}),
        "validations": [{"expression": admission_rule(spec.rule), "message": told, "reason": "Invalid"}],
    }


def _binding(context: Context, name: str, effect: str) -> dict[str, Any]:
    chosen = {"matchLabels": {"kubernetes.io/metadata.name": context.namespace}}
    return {
        "policyName": name,
        "validationActions": _ACTIONS[effect],
        "matchResources": {"namespaceSelector": chosen},
    }
