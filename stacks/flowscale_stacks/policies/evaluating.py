"""What the policies of a project say of its deployments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from flowscale_specs.rules import RuleError, compile_rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from flowscale_specs.kinds import Policy
    from flowscale_specs.kinds.policy import Selection

Moment = Literal["plan", "ci"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule that a deployment breaks."""

    rule: str
    """The policy's name."""
    deployment: str
    effect: str
    """`deny`, `warn` or `approve`."""
    message: str
    approvers: tuple[str, ...] = ()


def evaluate(
    policies: Iterable[Policy], resources: Iterable[Mapping[str, Any]], environment: str | None, at: Moment
) -> tuple[Finding, ...]:
    """Rules that WorkflowDeployment resources break, in the order of deployments and then of policies."""
    rules = [policy for policy in policies if at in policy.spec.at]
    return tuple(finding for resource in resources for finding in _of(resource, rules, environment))


def _of(
    resource: Mapping[str, Any], policies: Iterable[Policy], environment: str | None
) -> Iterator[Finding]:
    for policy in policies:
        if _selected(policy.spec.for_, resource, environment):
            trouble = broken(policy.spec.rule, resource)
            if trouble is not None:
                yield Finding(
                    rule=policy.name,
                    deployment=resource["metadata"]["name"],
                    effect=policy.spec.effect,
                    message=f"{policy.spec.message} ({trouble})" if trouble else policy.spec.message,
                    approvers=tuple(policy.spec.approval.by) if policy.spec.approval else (),
                )


def broken(rule: str, resource: Mapping[str, Any]) -> str | None:
    """None where a rule is kept, "" where it is broken; where it has no value, which counts as broken, why."""
    try:
        return None if compile_rule(rule).holds(values(resource)) else ""
    except RuleError as error:
        return f"the rule has no value here: {error}"


def values(resource: Mapping[str, Any]) -> dict[str, Any]:
    """What a rule's variables are, as the API server has them too."""
    spec = resource["spec"]
    return {
        "deployment": spec,
        "workflow": spec.get("workflowDetails", {}),
        "project": spec["project"],
    }


def _selected(selection: Selection, resource: Mapping[str, Any], environment: str | None) -> bool:
    labels = resource["spec"].get("labels", {})
    return (
        (not selection.names or resource["metadata"]["name"] in selection.names)
        and (not selection.environments or environment in selection.environments)
        and all(labels.get(name) == value for name, value in selection.labels.items())
    )
