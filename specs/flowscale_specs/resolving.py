"""From documents to one frozen value with nothing left to default."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from flowscale_specs.checks import check
from flowscale_specs.errors import SpecErrors
from flowscale_specs.kinds import (
    Batch,
    Budget,
    Document,
    Environment,
    GpuType,
    Model,
    Pipeline,
    Policy,
    Project,
    Promotion,
    Schedule,
    Workflow,
    WorkflowDeployment,
)
from flowscale_specs.kinds.environment import EnvironmentSpec
from flowscale_specs.kinds.gpu import BUILT_IN
from flowscale_specs.kinds.prices import Prices
from flowscale_specs.kinds.project import ProjectSpec
from flowscale_specs.overlaying import for_environment
from flowscale_specs.resolved import (
    ResolvedBudget,
    ResolvedGpu,
    ResolvedPrices,
    ResolvedProject,
    ResolvedToleration,
    ResolvedWorkflow,
    budget_owner,
)
from flowscale_specs.serving import resolve_deployment
from flowscale_specs.targeting import resolve_environment
from flowscale_specs.values import Percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowscale_specs.documents import Documents, Entry
    from flowscale_specs.kinds import SecretRef
    from flowscale_specs.kinds.budget import BudgetSpec
    from flowscale_specs.kinds.gpu import GpuTypeSpec

D = TypeVar("D", bound=Document)


def resolve(documents: Documents, environment: str | None = None) -> ResolvedProject:
    """What the documents mean, in an environment or as they stand. Raises SpecErrors with every fault."""
    seen = for_environment(documents, environment)
    gpus = _gpus(seen)
    errors = list(check(seen, gpus))
    if errors:
        raise SpecErrors(errors)
    target = seen.find(Environment, environment) if environment is not None else None
    return _project(seen, gpus, target)


def _project(
    documents: Documents, gpus: Mapping[str, ResolvedGpu], target: Entry[Environment] | None
) -> ResolvedProject:
    name, project = next(
        ((entry.name, entry.document.spec) for entry in documents.of(Project)), ("default", ProjectSpec())
    )
    there = target.document.spec if target else EnvironmentSpec()
    variables = {**project.variables, **there.variables}
    secrets = {**references(project.secrets), **references(there.secrets)}
    workflows = {entry.name: _workflow(entry) for entry in documents.of(Workflow)}
    deployments = {
        entry.name: resolve_deployment(
            entry, workflows[entry.document.spec.workflow or ""].version, gpus, variables, secrets
        )
        for entry in documents.of(WorkflowDeployment)
    }
    return ResolvedProject(
        name=name,
        organization=project.organization,
        team=project.team,
        description=project.description,
        members=project.members,
        roles=project.roles,
        retention=project.retention,
        prices=_prices(there.prices or project.prices, deployed=target is not None),
        variables=variables,
        secrets=secrets,
        environment=target.name if target else None,
        target=resolve_environment(target) if target else None,
        workflows=workflows,
        deployments=deployments,
        budgets=_budgets(
            documents, {"project": name, "team": project.team, "organization": project.organization}
        ),
        gpus=gpus,
        promotions=_bare(documents, Promotion),
        batches=_bare(documents, Batch),
        schedules=_bare(documents, Schedule),
        pipelines=_bare(documents, Pipeline),
        models=_bare(documents, Model),
        model_folders={entry.name: entry.folder for entry in documents.of(Model)},
        policies=_bare(documents, Policy),
    )


def _prices(prices: Prices | None, *, deployed: bool) -> ResolvedPrices:
    """What is said; else bytes cost nothing on one's own machine, and the usual in an environment."""
    if prices is None and not deployed:
        return ResolvedPrices()
    said = prices or Prices()
    return ResolvedPrices(
        storage=int(said.storage), egress=int(said.egress), free_egress=int(said.free_egress)
    )


def references(secrets: Mapping[str, SecretRef]) -> dict[str, str]:
    """Variables and where their values are: name -> `name/key`."""
    return {variable: reference.secret for variable, reference in secrets.items()}


def _bare(documents: Documents, kind: type[D]) -> tuple[D, ...]:
    return tuple(entry.document for entry in documents.of(kind))


def _workflow(entry: Entry[Workflow]) -> ResolvedWorkflow:
    spec = entry.document.spec
    return ResolvedWorkflow(
        name=entry.name,
        version=str(spec.version),
        source=spec.source.path or spec.source.url or "",
        sha256=str(spec.source.sha256) if spec.source.sha256 else None,
        folder=entry.folder,
        description=spec.description,
        inputs=spec.inputs,
        outputs=spec.outputs,
        models=spec.models,
        packs=spec.packs,
        tests=spec.tests,
    )


def _gpus(documents: Documents) -> dict[str, ResolvedGpu]:
    """All GPU types, the built-in ones first."""
    entries = sorted(documents.of(GpuType), key=lambda entry: entry.name not in BUILT_IN)
    specs = {**dict.fromkeys(BUILT_IN), **{entry.name: entry.document.spec for entry in entries}}
    return {name: _gpu(name, spec) for name, spec in specs.items() if spec is not None}


def _gpu(name: str, spec: GpuTypeSpec) -> ResolvedGpu:
    return ResolvedGpu(
        name=name,
        memory=int(spec.instance_memory),
        price=int(spec.price),
        resource=spec.instance_resource,
        count=spec.count,
        node_selector=spec.node_selector,
        tolerations=tuple(
            ResolvedToleration(key=t.key, operator=t.operator, value=t.value, effect=t.effect)
            for t in spec.tolerations
        ),
        mig=spec.mig,
        replicas=spec.time_slicing,
    )


def _budgets(documents: Documents, own: Mapping[str, str]) -> dict[str, ResolvedBudget]:
    """All budgets; `own` has the names of what a scope is when no target is said."""
    naming: dict[str, list[str]] = {}
    for deployment in documents.of(WorkflowDeployment):
        naming.setdefault(deployment.document.spec.budget or "", []).append(deployment.name)
    every = tuple(deployment.name for deployment in documents.of(WorkflowDeployment))
    return {
        entry.name: _budget(entry.name, entry.document.spec, tuple(naming.get(entry.name, ())), every, own)
        for entry in documents.of(Budget)
    }


def _budget(
    name: str, spec: BudgetSpec, naming: tuple[str, ...], every: tuple[str, ...], own: Mapping[str, str]
) -> ResolvedBudget:
    scope = spec.scope or ("deployment" if naming or spec.target else "project")
    named = tuple(dict.fromkeys((*([spec.target] if spec.target else []), *naming)))
    target = spec.target or own.get(scope)
    limit = int(spec.limit.amount)
    soft = int(limit * spec.soft / 100) if isinstance(spec.soft, Percent) else spec.soft
    return ResolvedBudget(
        name=name,
        scope=scope,
        target=target,
        owner=budget_owner(scope, target, own["project"], own["organization"]),
        period=spec.limit.period or spec.period or "month",
        limit=limit,
        soft=None if soft is None else int(soft),
        alerts=tuple(sorted({int(alert) for alert in spec.alerts})),
        exceeded=spec.exceeded,
        deployments={"deployment": named, "key": ()}.get(scope, every),
    )
