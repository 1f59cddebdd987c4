"""From a resolved project to the objects of its deployments and budgets, and back: two pairs of inverse functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowscale_specs.errors import Unpinned
from flowscale_specs.kinds.base import API_VERSION
from flowscale_specs.resolved import ResolvedBudget, ResolvedDeployment, ResolvedProject, budget_owner
from flowscale_specs.resources.budget import BudgetShape
from flowscale_specs.resources.deployment import DeploymentShape
from flowscale_specs.resources.project import ProjectShape, ResourceProject
from flowscale_specs.values import Version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TAKEN_APART = frozenset({"gpu", "gpu_type", "traffic", "releases", "project", "budgets", "workflow_details"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceDeployment:
    """A deployment as a reader of the cluster knows it."""

    deployment: ResolvedDeployment
    releases: Mapping[str, str]
    """version -> digest."""
    project: ResourceProject
    budgets: tuple[str, ...]
    """The budgets that its runs count in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceBudget:
    """A budget as a reader of the cluster knows it."""

    budget: ResolvedBudget
    project: ResourceProject


def resource_of(
    project: ResolvedProject, name: str, releases: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """The resource of one deployment; `releases` is workflow -> version -> digest. Raises Unpinned."""
    budgets = tuple(each.name for each in project.budgets.values() if name in each.deployments)
    return _resource(project, name, releases, budgets)


def resources_of(
    project: ResolvedProject, releases: Mapping[str, Mapping[str, str]]
) -> Iterator[dict[str, Any]]:
    """The resources of all deployments, in order, in time linear in what the project says. Raises Unpinned."""
    budgets: dict[str, list[str]] = {}
    for budget in project.budgets.values():
        for name in budget.deployments:
            budgets.setdefault(name, []).append(budget.name)
    for name in project.deployments:
        yield _resource(project, name, releases, tuple(budgets.get(name, ())))


def _resource(
    project: ResolvedProject,
    name: str,
    releases: Mapping[str, Mapping[str, str]],
    budgets: tuple[str, ...],
) -> dict[str, Any]:
    deployment = project.deployments[name]
    known = releases.get(deployment.workflow, {})
    missing = [version for version, _ in deployment.traffic if version not in known]
    if missing:
        raise Unpinned(deployment.workflow, missing[0])
    shape = DeploymentShape(
        workflow_details=project.workflows.get(deployment.workflow),
        gpu=deployment.gpu.name,
        gpu_type=deployment.gpu,
        traffic=dict(deployment.traffic),
        releases={version: known[version] for version, _ in deployment.traffic},
        budgets=budgets,
        project=_project(project),
        **_given(deployment, DeploymentShape),
    )
    return _object("WorkflowDeployment", name, shape.plain())


def read_resource(resource: Mapping[str, Any]) -> ResourceDeployment:
    """The deployment in a resource. Raises pydantic's ValidationError where it isn't one."""
    shape = DeploymentShape.model_validate(resource["spec"])
    newest_first = sorted(shape.traffic.items(), key=lambda item: Version(item[0]).order, reverse=True)
    fields = {name: value for name, value in shape.frozen().items() if name not in _TAKEN_APART}
    deployment = ResolvedDeployment(
        name=resource["metadata"]["name"], gpu=shape.gpu_type.frozen(), traffic=tuple(newest_first), **fields
    )
    return ResourceDeployment(
        deployment=deployment, releases=shape.releases, project=shape.project.frozen(), budgets=shape.budgets
    )


def budget_resource_of(project: ResolvedProject, name: str) -> dict[str, Any]:
    """The resource of a budget."""
    budget = project.budgets[name]
    shape = BudgetShape(project=_project(project), **_given(budget, BudgetShape))
    return _object("Budget", name, shape.plain())


def read_budget_resource(resource: Mapping[str, Any]) -> ResourceBudget:
    """The budget in a resource. Raises pydantic's ValidationError where it isn't one."""
    fields = BudgetShape.model_validate(resource["spec"]).frozen()
    project = fields.pop("project")
    owner = budget_owner(fields["scope"], fields["target"], project.name, project.organization)
    budget = ResolvedBudget(name=resource["metadata"]["name"], owner=owner, **fields)
    return ResourceBudget(budget=budget, project=project)


def _given(value: Any, shape: type[DeploymentShape | BudgetShape]) -> dict[str, Any]:
    """The fields that a resolved value and its shape have in common."""
    names = (name for name in shape.model_fields if name not in _TAKEN_APART)
    given = {name: getattr(value, name) for name in names if hasattr(value, name)}
    return {**given, "deployments": value.deployments} if isinstance(value, ResolvedBudget) else given


def _project(project: ResolvedProject) -> ProjectShape:
    return ProjectShape.of(project)


def _object(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec}
