"""What must hold between documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowscale_specs import suggestions
from flowscale_specs.checks import capacity, cycles, references, rules
from flowscale_specs.kinds import Budget, Model, Project, Workflow, WorkflowDeployment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from flowscale_specs.documents import Documents, Entry
    from flowscale_specs.errors import SpecError
    from flowscale_specs.resolved import ResolvedGpu

__all__ = ["check"]


def check(documents: Documents, gpus: Mapping[str, ResolvedGpu]) -> Iterator[SpecError]:
    """Everything that is wrong between documents that are valid each for itself."""
    yield from _two_projects(documents)
    yield from references.unknown_references(documents)
    yield from cycles.promotion_cycles(documents)
    yield from cycles.pipeline_cycles(documents)
    yield from rules.wrong_rules(documents)
    for deployment in documents.of(WorkflowDeployment):
        yield from _deployment(deployment, documents, gpus)
    for model in documents.of(Model):
        yield from capacity.too_small_for_network(model, gpus)
    yield from _budgets(documents, gpus)


def _two_projects(documents: Documents) -> Iterator[SpecError]:
    for entry in documents.of(Project)[1:]:
        first = documents.of(Project)[0]
        yield entry.fault(("kind",), "there is one Project already", f"it is {first.name} in {first.path}")


def _deployment(
    deployment: Entry[WorkflowDeployment], documents: Documents, gpus: Mapping[str, ResolvedGpu]
) -> Iterator[SpecError]:
    yield from capacity.wrong_weights(deployment)
    name = deployment.document.spec.workflow
    workflow = documents.find(Workflow, name) if name else None
    if name is None:
        yield deployment.fault(("spec", "workflow"), "is missing", "name the Workflow that is served")
    elif workflow is not None:
        yield from capacity.too_small_gpu(deployment, workflow, gpus)
        yield from capacity.unknown_fuzzy(deployment, workflow)


def _budgets(documents: Documents, gpus: Mapping[str, ResolvedGpu]) -> Iterator[SpecError]:
    every = documents.of(WorkflowDeployment)
    costliest = _costliest(every, gpus)
    naming: dict[str, list[Entry[WorkflowDeployment]]] = {}
    for deployment in every:
        naming.setdefault(deployment.document.spec.budget or "", []).append(deployment)
    for budget in documents.of(Budget):
        spec = budget.document.spec
        covered = naming.get(budget.name, [])
        if spec.target is not None and spec.scope in {None, "deployment"}:
            target = documents.find(WorkflowDeployment, spec.target)
            if target is None:
                hint = suggestions.hint(spec.target, documents.names("WorkflowDeployment").keys())
                yield budget.fault(("spec", "target"), f"there is no WorkflowDeployment {spec.target}", hint)
            else:
                covered = [*covered, target]
        if spec.scope in {"project", "team", "organization"} or (spec.scope is None and not covered):
            yield from capacity.too_small_budget(budget, costliest, gpus)
        elif spec.scope != "key":
            yield from capacity.too_small_budget(budget, _costliest(covered, gpus), gpus)


def _costliest(
    deployments: Iterable[Entry[WorkflowDeployment]], gpus: Mapping[str, ResolvedGpu]
) -> Entry[WorkflowDeployment] | None:
    return max(deployments, key=lambda deployment: capacity.run_cost(deployment, gpus), default=None)
