"""A plan: everything that a person wants to know before a change is made."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from flowscale_stacks.plan import costs, serving
from flowscale_stacks.plan.changes import ACTIONS, Absent, Change
from flowscale_stacks.plan.comparing import compare
from flowscale_stacks.policies import Finding, evaluate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowscale_specs import ResolvedProject
    from flowscale_stacks.compile import Object
    from flowscale_stacks.plan.costs import BudgetUse, Cost
    from flowscale_stacks.plan.serving import ColdStart, ReleaseChange, Rollback


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a change would do."""

    project: str
    environment: str | None
    target: str | None
    """One of the environment's clusters; None where it has one."""
    against: str
    """What it was compared with, in words."""
    changes: tuple[Change, ...]
    releases: tuple[ReleaseChange, ...]
    costs: tuple[Cost, ...]
    total: Cost
    budgets: tuple[BudgetUse, ...]
    cold_starts: tuple[ColdStart, ...]
    rollbacks: tuple[Rollback, ...]
    findings: tuple[Finding, ...]

    @property
    def empty(self) -> bool:
        """Whether nothing would change."""
        return not self.changes

    @property
    def refused(self) -> bool:
        """Whether a policy forbids it."""
        return any(finding.effect == "deny" for finding in self.findings)

    @property
    def counts(self) -> dict[str, int]:
        """How many objects of each action."""
        counted = Counter(change.action for change in self.changes)
        return {action: counted[action] for action in ACTIONS}

    def to_json(self) -> dict[str, Any]:
        """The plan as plain JSON; a value that isn't there is null."""
        plain: dict[str, Any] = _plain(asdict(self))
        verdicts = [{**use, "verdict": self.budgets[i].verdict} for i, use in enumerate(plain["budgets"])]
        return {**plain, "budgets": verdicts, "counts": self.counts, "refused": self.refused}


def make_plan(
    project: ResolvedProject,
    current: Sequence[Object],
    wanted: Sequence[Object],
    *,
    against: str,
    live: bool = False,
    target: str | None = None,
    rollbacks: Sequence[Rollback] = (),
) -> Plan:
    """What must change for `wanted` to be there, and what that means. With `live`, `current` was read from a server."""
    found = costs.costs(current, wanted)
    deployments = [item for item in wanted if item["kind"] == "WorkflowDeployment"]
    return Plan(
        project=project.name,
        environment=project.environment,
        target=target,
        against=against,
        changes=compare(current, wanted, live=live),
        releases=serving.releases(current, wanted),
        costs=found,
        total=costs.altogether(found),
        budgets=tuple(costs.budgets(wanted)),
        cold_starts=serving.cold_starts(wanted),
        rollbacks=tuple(rollbacks),
        findings=evaluate(project.policies, deployments, project.environment, "plan"),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Absent):
        return None
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
