"""Documents resolve to one value with nothing left to default; every default is pinned here."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from flowscale_specs import Documents, ResolvedProject, SpecErrors, load, parse, resolve

Loaded = Callable[[str], Documents]

DESIGN = """\
apiVersion: flowscale.ai/v1
kind: Workflow
metadata: {name: portrait}
spec:
  source: workflow.json
  version: 2.1.0
  inputs:
    prompt: {from: 6.text, label: Prompt, maxLength: 1000}
    steps: {from: 3.steps, default: 20, minimum: 1, maximum: 50}
---
apiVersion: flowscale.ai/v1
kind: WorkflowDeployment
metadata: {name: portrait}
spec:
  workflow: portrait
  traffic: {2.0.0: 90%, 2.1.0: 10%}
  gpu: L4
  scaling: {mode: auto, min: 0, max: 8, queueDepth: 4, latency: 20s, predictive: true, idleTimeout: 5m}
  limits: {timeout: 10m, queue: 200}
  cache: {ttl: 24h, fuzzy: [prompt]}
  budget: studio
---
apiVersion: flowscale.ai/v1
kind: Budget
metadata: {name: studio}
spec: {limit: $500/month, alerts: [50%, 75%, 90%, 100%], exceeded: refuse}
"""


def shown(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def test_the_specs_of_the_design_mean_what_they_say(loaded: Loaded, tmp_path: Path) -> None:
    project = resolve(loaded(DESIGN))
    workflow, deployment = project.workflows["portrait"], project.deployments["portrait"]
    assert (workflow.version, workflow.source, workflow.folder) == ("2.1.0", "workflow.json", tmp_path)
    assert workflow.inputs is not None
    assert (workflow.inputs["prompt"].from_, workflow.inputs["prompt"].max_length) == ("6.text", 1000)
    assert (workflow.inputs["steps"].default, workflow.inputs["steps"].maximum) == (20, 50)
    assert deployment.traffic == (("2.1.0", Decimal(10)), ("2.0.0", Decimal(90)))
    assert (deployment.gpu.name, deployment.gpu.memory, deployment.gpu.price) == ("L4", 24 * 2**30, 500_000)
    assert shown(deployment.scaling) == {
        "mode": "auto",
        "min": 0,
        "max": 8,
        "warm": 0,
        "queue_depth": 4,
        "latency": 20.0,
        "cost": None,
        "predictive": True,
        "idle_timeout": 300.0,
        "cooldown": 60.0,
        "schedule": (),
        "priority": 0,
    }
    assert (deployment.limits.timeout, deployment.limits.queue, deployment.limits.concurrency) == (
        600.0,
        200,
        8,
    )
    assert shown(deployment.cache) == {"enabled": True, "ttl": 86400.0, "fuzzy": ("prompt",)}
    assert deployment.budget == "studio"
    assert shown(project.budgets["studio"]) == {
        "name": "studio",
        "scope": "deployment",
        "target": None,
        "owner": "project default",
        "period": "month",
        "limit": 500_000_000,
        "soft": None,
        "alerts": (50, 75, 90, 100),
        "exceeded": "refuse",
        "deployments": ("portrait",),
    }


def test_a_budget_belongs_to_whom_its_scope_names(loaded: Loaded) -> None:
    text = "kind: Project\nmetadata: {name: shots}\nspec: {organization: acme, team: film}\n"
    for name, spec in {"a": "scope: organization", "b": "scope: team", "c": "scope: project"}.items():
        text += f"---\nkind: Budget\nmetadata: {{name: {name}}}\nspec: {{limit: $5/day, {spec}}}\n"
    owners = {name: budget.owner for name, budget in resolve(loaded(text)).budgets.items()}
    assert owners == {"a": "organization acme", "b": "team acme/film", "c": "project shots"}


@pytest.mark.parametrize(
    ("project", "environment", "chosen", "prices"),
    [
        ("", "", None, (0, 0, 0)),
        ("", "", "there", (100_000, 120_000, 100 * 10**9)),
        ("prices: {egress: $0.05/GB}", "", None, (100_000, 50_000, 100 * 10**9)),
        ("prices: {egress: $0.05/GB}", "", "there", (100_000, 50_000, 100 * 10**9)),
        ("", "prices: {storage: $0, freeEgress: 1TB}", "there", (0, 120_000, 10**12)),
    ],
)
def test_bytes_cost_nothing_on_ones_own_machine_unless_said(
    loaded: Loaded, project: str, environment: str, chosen: str | None, prices: tuple[int, int, int]
) -> None:
    text = f"kind: Project\nmetadata: {{name: shots}}\nspec: {{{project}}}\n---\n"
    text += f"kind: Environment\nmetadata: {{name: there}}\nspec: {{{environment}}}\n"
    found = resolve(loaded(text), chosen).prices
    assert (found.storage, found.egress, found.free_egress) == prices


def test_three_lines_and_a_workflow_file_are_enough(loaded: Loaded) -> None:
    project = resolve(loaded("kind: Workflow\nmetadata: {name: portrait}\nspec: {source: workflow.json}\n"))
    deployment = project.deployments["portrait"]
    assert (project.name, project.organization, project.team) == ("default", "default", "default")
    assert (deployment.workflow, deployment.description, deployment.budget, deployment.tags) == (
        "portrait",
        "",
        None,
        (),
    )
    assert deployment.traffic == (("1.0.0", Decimal(100)),)
    assert shown(deployment.gpu) == {
        "name": "CPU",
        "memory": 0,
        "price": 0,
        "resource": None,
        "count": 1,
        "node_selector": {},
        "tolerations": (),
        "mig": None,
        "replicas": 1,
    }
    assert shown(deployment.scaling) == {
        "mode": "auto",
        "min": 0,
        "max": 1,
        "warm": 0,
        "queue_depth": 4,
        "latency": None,
        "cost": None,
        "predictive": False,
        "idle_timeout": 300.0,
        "cooldown": 60.0,
        "schedule": (),
        "priority": 0,
    }
    assert shown(deployment.limits) == {
        "timeout": 600.0,
        "queue": 100,
        "concurrency": 1,
        "body": 100 * 2**20,
        "rate": None,
        "memory": None,
        "attempts": 2,
        "idempotency_window": None,
    }
    assert shown(deployment.cache) == {"enabled": False, "ttl": None, "fuzzy": ()}
    assert shown(deployment.auth) == {"required": True, "allowed_addresses": (), "signed": False, "jwt": None}
    assert shown(deployment.cors) == {"origins": (), "headers": (), "credentials": False, "max_age": 600.0}
    assert deployment.webhooks == ()


def test_one_line_is_enough_where_the_file_has_the_usual_name(loaded: Loaded, tmp_path: Path) -> None:
    assert list(resolve(loaded("kind: Workflow\n")).deployments) == [tmp_path.name.replace("_", "-")]


def test_retention_has_defaults(loaded: Loaded) -> None:
    retention = resolve(loaded("")).retention
    days = {name: getattr(retention, name) / 86400 for name in type(retention).model_fields}
    assert days == {"inputs": 7, "outputs": 30, "runs": 90, "logs": 30, "audit": 365}


def test_nothing_declared_is_an_empty_project(tmp_path: Path) -> None:
    project = resolve(load(tmp_path))
    assert (project.name, project.workflows, project.deployments, project.budgets) == ("default", {}, {}, {})
    assert list(project.gpus) == ["CPU", "T4", "L4", "A100-40", "A100-80", "H100"]


@pytest.mark.parametrize(
    ("name", "memory", "price"),
    [
        ("CPU", 0, 0),
        ("T4", 16, 300_000),
        ("L4", 24, 500_000),
        ("A100-40", 40, 2_000_000),
        ("A100-80", 80, 2_000_000),
        ("H100", 80, 4_000_000),
    ],
)
def test_built_in_gpu_types(tmp_path: Path, name: str, memory: int, price: int) -> None:
    gpu = resolve(load(tmp_path)).gpus[name]
    assert (gpu.memory, gpu.price) == (memory * 2**30, price)
    assert (gpu.resource, len(gpu.tolerations)) == ((None, 0) if name == "CPU" else ("nvidia.com/gpu", 1))


def test_a_gpu_type_of_a_built_in_name_changes_what_it_says(loaded: Loaded) -> None:
    gpu = resolve(loaded("kind: GpuType\nmetadata: {name: L4}\nspec: {price: $0.71/h}\n")).gpus["L4"]
    assert (gpu.price, gpu.memory, len(gpu.tolerations)) == (710_000, 24 * 2**30, 1)


def test_a_mig_profile_has_its_own_memory_and_resource(loaded: Loaded) -> None:
    gpu = resolve(
        loaded("kind: GpuType\nmetadata: {name: slice}\nspec: {memory: 80Gi, mig: 2g.20gb}\n")
    ).gpus["slice"]
    assert (gpu.memory, gpu.resource, gpu.mig) == (20 * 2**30, "nvidia.com/mig-2g.20gb", "2g.20gb")


def test_a_deployment_without_a_workflow_serves_the_one_of_its_name(loaded: Loaded) -> None:
    text = "kind: Workflow\nmetadata: {name: a}\n---\nkind: Workflow\nmetadata: {name: b}\n---\n"
    project = resolve(loaded(text + "kind: WorkflowDeployment\nmetadata: {name: b}\n"))
    assert {name: deployment.workflow for name, deployment in project.deployments.items()} == {
        "b": "b",
        "a": "a",
    }


def test_a_deployment_without_a_workflow_serves_the_only_one(loaded: Loaded) -> None:
    project = resolve(
        loaded("kind: Workflow\nmetadata: {name: a}\n---\nkind: WorkflowDeployment\nmetadata: {name: x}\n")
    )
    assert {name: deployment.workflow for name, deployment in project.deployments.items()} == {"x": "a"}


def test_rates_webhooks_and_addresses(loaded: Loaded) -> None:
    text = (
        "kind: Workflow\nmetadata: {name: a}\n---\nkind: WorkflowDeployment\nspec:\n  limits: {rate: 5/30s, memory: 2Gi}\n"
        "  auth: {allowedAddresses: [10.1.2.3/8, '2001:db8::1']}\n  webhooks: ['https://a.b/c']\n  scaling: {cost: $2.00/h}\n"
    )
    deployment = resolve(loaded(text)).deployments["a"]
    assert (deployment.limits.rate, deployment.limits.memory) == ((5, 30.0), 2 * 2**30)
    assert deployment.auth.allowed_addresses == ("10.0.0.0/8", "2001:db8::1/128")
    assert deployment.scaling.cost == 2_000_000
    hook = deployment.webhooks[0]
    assert (hook.url, hook.events, hook.secret) == (
        "https://a.b/c",
        ("run.completed", "run.failed", "run.cancelled"),
        None,
    )


BUDGET = "kind: Workflow\nmetadata: {name: a}\n---\nkind: Workflow\nmetadata: {name: b}\n---\n"


@pytest.mark.parametrize(
    ("spec", "scope", "target", "covered"),
    [
        ("{limit: $5}", "project", "default", ("a", "b")),
        ("{limit: $5, scope: team}", "team", "default", ("a", "b")),
        ("{limit: $5, scope: organization, target: acme}", "organization", "acme", ("a", "b")),
        ("{limit: $5, target: b}", "deployment", "b", ("b",)),
        ("{limit: $5, scope: key, target: shop}", "key", "shop", ()),
    ],
)
def test_whose_spending_a_budget_counts(
    loaded: Loaded, spec: str, scope: str, target: str, covered: tuple[str, ...]
) -> None:
    budget = resolve(loaded(f"{BUDGET}kind: Budget\nmetadata: {{name: x}}\nspec: {spec}\n")).budgets["x"]
    assert (budget.scope, budget.target, tuple(sorted(budget.deployments))) == (scope, target, covered)


@pytest.mark.parametrize(
    ("spec", "period", "soft"),
    [
        ("{limit: $5/day}", "day", None),
        ("{limit: $5, period: week}", "week", None),
        ("{limit: $5/total, soft: 80%}", "total", 4_000_000),
        ("{limit: $5, soft: $1.50}", "month", 1_500_000),
    ],
)
def test_periods_and_soft_limits(loaded: Loaded, spec: str, period: str, soft: int | None) -> None:
    budget = resolve(loaded(f"kind: Budget\nmetadata: {{name: x}}\nspec: {spec}\n")).budgets["x"]
    assert (budget.period, budget.soft) == (period, soft)


def test_rollouts_and_windows_are_resolved_to_seconds_and_parts_of_one(complete: Path) -> None:
    deployment = resolve(load(complete)).deployments["portrait"]
    assert deployment.rollout is not None
    assert (deployment.rollout.steps, deployment.rollout.interval, deployment.rollout.runs) == (
        (10, 50),
        600,
        50,
    )
    assert (deployment.rollout.error_rate, deployment.rollout.confidence) == (0.02, 0.99)
    assert [shown(metric) for metric in deployment.rollout.metrics] == [
        {"name": "latency-p95", "maximum": 20, "minimum": None, "change": 0.1},
        {"name": "quality", "maximum": None, "minimum": 0.8, "change": None},
    ]
    (window,) = deployment.scaling.schedule
    assert shown(window) == {
        "cron": "0 8 * * mon-fri",
        "duration": 36000,
        "time_zone": "Europe/Berlin",
        "min": 2,
    }


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("rollout: {confidence: 100%}", "confidence 100% is not between 50% and 99.99%"),
        ("rollout: [50%, 10%]", "steps must rise"),
        ("scaling: {schedule: [{cron: '@daily', duration: 0s, min: 1}]}", "the window would never be open"),
    ],
)
def test_rollouts_and_windows_that_make_no_sense_are_refused(loaded: Loaded, spec: str, message: str) -> None:
    with pytest.raises(SpecErrors, match=message):
        loaded(f"kind: WorkflowDeployment\nspec: {{workflow: a, {spec}}}\n")


def test_numbers_are_bare_numbers(loaded: Loaded) -> None:
    deployment = resolve(loaded(DESIGN)).deployments["portrait"]
    for part in (deployment.gpu, deployment.scaling, deployment.limits, deployment.cache, deployment.cors):
        for name, value in shown(part).items():
            assert type(value) in {int, float, str, bool, tuple, dict, type(None)}, name
    assert type(deployment.traffic[0][1]) is Decimal
    assert type(deployment.traffic[0][0]) is str


def test_a_resolved_project_is_frozen_and_travels_between_processes(complete: Path) -> None:
    project = resolve(load(complete), "production")
    copied: ResolvedProject = pickle.loads(pickle.dumps(project))
    assert copied == project
    with pytest.raises(dataclasses.FrozenInstanceError):
        project.name = "x"  # type: ignore[misc]


def test_everything_declared_is_in_the_project(complete: Path) -> None:
    project = resolve(load(complete))
    assert [len(part) for part in (project.promotions, project.batches, project.schedules)] == [1, 5, 1]
    assert [len(part) for part in (project.pipelines, project.models, project.policies)] == [2, 2, 1]
    assert [model.metadata.name for model in project.models] == ["embedder", "ranker"]
    assert [member.role for member in project.members] == ["owner", "contributor", "auditor"]
    assert project.secrets == {"HF_TOKEN": "hugging-face/token"}


def test_the_same_specs_resolve_to_the_same_value(complete: Path) -> None:
    assert resolve(load(complete)) == resolve(load(complete))


def test_a_workflow_has_the_nodes_of_the_first_comfyui_servers_that_compute_it() -> None:
    told = "---\n".join(
        f"apiVersion: flowscale.ai/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n"
        for kind, name, spec in (
            ("Workflow", "flow", "{source: flow.json}"),
            ("WorkflowDeployment", "here", "{workflow: flow}"),
            ("WorkflowDeployment", "there", "{workflow: flow, comfyui: [http://a:8188/, http://a:8188]}"),
        )
    )
    project = resolve(parse(told.encode()))
    assert project.servers("flow") == ("http://a:8188",)
    assert project.servers("other") == ()
    assert project.deployments["there"].limits.concurrency == 1
