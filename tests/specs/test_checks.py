"""What must hold between documents is checked, and told where it is written."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowscale_specs import Documents, resolve
from flowscale_specs.checks.cycles import find_cycle
from flowscale_specs.checks.references import references

Loaded = Callable[[str], Documents]
Faults = Callable[[Callable[[], object]], list[str]]

WORKFLOW = "kind: Workflow\nmetadata: {name: a}\n---\n"


def environments(*names: str) -> str:
    return "".join(f"kind: Environment\nmetadata: {{name: {name}}}\n---\n" for name in names)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "kind: WorkflowDeployment\nspec: {workflow: aa}",
            "5:18: spec.workflow: there is no Workflow aa (did you mean a?)",
        ),
        (
            "kind: WorkflowDeployment\nspec: {gpu: L44}",
            "5:13: spec.gpu: there is no GpuType L44 (did you mean L4?)",
        ),
        ("kind: WorkflowDeployment\nspec: {budget: studio}", "5:16: spec.budget: there is no Budget studio"),
        (
            "kind: Batch\nmetadata: {name: b}\nspec: {deployment: b, inputs: [{}]}",
            "6:20: spec.deployment: there is no WorkflowDeployment b (there is a)",
        ),
        (
            "kind: Schedule\nmetadata: {name: b}\nspec: {cron: '@daily', run: {pipeline: p}}",
            "6:40: spec.run.pipeline: there is no Pipeline p",
        ),
        (
            "kind: Pipeline\nmetadata: {name: p}\nspec: {steps: [{name: s, forEach: {items: [1], steps: [{name: t, run: x}]}}]}",
            "6:71: spec.steps[0].forEach.steps[0].run: there is no WorkflowDeployment x (there is a)",
        ),
        (
            "kind: Promotion\nmetadata: {name: p}\nspec: {stages: [prod]}",
            "6:17: spec.stages[0].environment: there is no Environment prod",
        ),
        (
            "kind: Promotion\nmetadata: {name: p}\nspec: {deployments: [a, b], stages: [dev]}\n---\n"
            + environments("dev"),
            "6:25: spec.deployments[1]: there is no WorkflowDeployment b (there is a)",
        ),
        (
            "kind: Policy\nmetadata: {name: p}\nspec: {rule: false, message: y, for: {environments: [prod]}}",
            "6:54: spec.for.environments[0]: there is no Environment prod",
        ),
        (
            (
                "kind: Model\nmetadata: {name: m}\nspec: {format: onnx, file: f, inputs: [{name: a, shape: [1]}], "
                "outputs: [{name: b, shape: [1]}], instances: {gpu: V100}}"
            ),
            "6:115: spec.instances.gpu: there is no GpuType V100 (did you mean H100?)",
        ),
        (
            "kind: Budget\nmetadata: {name: b}\nspec: {limit: $5, scope: deployment, target: c}",
            "6:46: spec.target: there is no WorkflowDeployment c (there is a)",
        ),
    ],
)
def test_unknown_references_are_told(loaded: Loaded, faults: Faults, text: str, told: str) -> None:
    documents = loaded(WORKFLOW + text)
    assert faults(lambda: resolve(documents)) == [f"flowscale.yaml:{told}"]


def test_references_inside_of_steps_are_found_once_each(loaded: Loaded) -> None:
    documents = loaded(
        "kind: Pipeline\nmetadata: {name: p}\nspec:\n  steps:\n"
        "    - {name: a, parallel: [{name: b, run: x}, {name: c, batch: y}], handler: [{name: d, pipeline: z}]}\n"
        "  handlers: {exit: [{name: e, run: w}]}\n"
    )
    assert [(item.kind, item.name) for item in references(documents.entries[0])] == [
        ("WorkflowDeployment", "x"),
        ("Batch", "y"),
        ("Pipeline", "z"),
        ("WorkflowDeployment", "w"),
    ]


@pytest.mark.parametrize(
    ("traffic", "total"),
    [
        ("{1.0.0: 90%}", "90"),
        ("{1.0.0: 90%, 1.1.0: 10.5%}", "100.5"),
        ("{}", "0"),
        ("{1.0.0: 33.33%, 2.0.0: 66.66%}", "99.99"),
    ],
)
def test_weights_that_do_not_add_up_are_refused(
    loaded: Loaded, faults: Faults, traffic: str, total: str
) -> None:
    documents = loaded(f"{WORKFLOW}kind: WorkflowDeployment\nspec:\n  traffic: {traffic}\n")
    assert faults(lambda: resolve(documents)) == [
        f"flowscale.yaml:6:12: spec.traffic: the weights add up to {total}%, not 100%"
    ]


def test_a_version_written_in_two_ways_is_refused(loaded: Loaded, faults: Faults) -> None:
    documents = loaded(f"{WORKFLOW}kind: WorkflowDeployment\nspec: {{traffic: {{2.0: 50%, 2.0.0: 50%}}}}\n")
    assert faults(lambda: resolve(documents)) == [
        "flowscale.yaml:5:17: spec.traffic: a version stands here twice, written in two ways"
    ]


def test_thirds_that_add_up_are_accepted(loaded: Loaded) -> None:
    traffic = "{1.0.0: 33.3%, 1.1.0: 33.3%, 1.2.0: 33.4%}"
    project = resolve(loaded(f"{WORKFLOW}kind: WorkflowDeployment\nspec: {{traffic: {traffic}}}\n"))
    assert sum(weight for _, weight in project.deployments["a"].traffic) == 100


def models(*sizes: str) -> str:
    listed = ", ".join(f"{{name: m{number}, {size}}}" for number, size in enumerate(sizes))
    return f"kind: Workflow\nmetadata: {{name: a}}\nspec: {{models: [{listed}]}}\n---\nkind: WorkflowDeployment\n"


def test_a_gpu_too_small_for_the_models_is_refused(loaded: Loaded, faults: Faults) -> None:
    documents = loaded(models("size: 12Gi", "memory: 8Gi") + "spec: {gpu: T4}")
    assert faults(lambda: resolve(documents)) == [
        "flowscale.yaml:6:13: spec.gpu: T4 has 16Gi of memory, the models of a need 20Gi (L4 is large enough)"
    ]


def test_memory_counts_before_size(loaded: Loaded) -> None:
    assert (
        resolve(loaded(models("size: 40Gi, memory: 15Gi") + "spec: {gpu: T4}")).deployments["a"].gpu.name
        == "T4"
    )


def test_the_cpu_has_no_bound(loaded: Loaded) -> None:
    assert resolve(loaded(models("size: 400Gi"))).deployments["a"].gpu.name == "CPU"


def test_models_too_large_for_any_gpu_say_so(loaded: Loaded, faults: Faults) -> None:
    documents = loaded(models("size: 90Gi") + "spec: {gpu: H100}")
    assert "set memory on models that aren't loaded together" in faults(lambda: resolve(documents))[0]


def test_a_divided_gpu_has_less_memory(loaded: Loaded, faults: Faults) -> None:
    shared = "kind: GpuType\nmetadata: {name: L4}\nspec: {timeSlicing: 4}\n---\n"
    documents = loaded(shared + models("size: 7Gi") + "spec: {gpu: L4}")
    assert "L4 has 6Gi of memory" in faults(lambda: resolve(documents))[0]


def test_a_network_too_large_for_its_gpu_is_refused(loaded: Loaded, faults: Faults) -> None:
    documents = loaded(
        "kind: Model\nmetadata: {name: m}\nspec:\n  format: onnx\n  file: f\n  inputs: [{name: a, shape: [1]}]\n"
        "  outputs: [{name: b, shape: [1]}]\n  memory: 9Gi\n  instances: {count: 2, gpu: T4}\n"
    )
    assert faults(lambda: resolve(documents)) == [
        "flowscale.yaml:9:14: spec.instances: T4 has 16Gi of memory, 2 of 9Gi need 18Gi"
    ]


BUDGETED = "kind: WorkflowDeployment\nspec: {gpu: H100, limits: {timeout: 1h}, budget: b}\n---\nkind: Budget\nmetadata: {name: b}\n"


def test_a_budget_that_cannot_hold_one_run_is_refused(loaded: Loaded, faults: Faults) -> None:
    documents = loaded(f"{WORKFLOW}{BUDGETED}spec:\n  limit: $7.99\n")
    assert faults(lambda: resolve(documents)) == [
        "flowscale.yaml:10:10: spec.limit: $7.99 can't hold one run of a, which may cost $8 (its timeout is 1h on H100, and it may be tried 2 times)"
    ]


def test_a_budget_that_holds_one_run_is_accepted(loaded: Loaded) -> None:
    assert resolve(loaded(f"{WORKFLOW}{BUDGETED}spec: {{limit: $8}}")).budgets["b"].limit == 8_000_000


def test_the_budget_of_a_target_is_checked_too(loaded: Loaded, faults: Faults) -> None:
    text = BUDGETED.replace(", budget: b", "") + "spec: {limit: $1, target: a}"
    documents = loaded(WORKFLOW + text)
    assert "can't hold one run of a" in faults(lambda: resolve(documents))[0]


@pytest.mark.parametrize("spec", ["{limit: $3}", "{limit: $3, scope: project}", "{limit: $3, scope: team}"])
def test_a_budget_of_all_is_checked_with_the_costliest_run(loaded: Loaded, faults: Faults, spec: str) -> None:
    cheap = "kind: WorkflowDeployment\nmetadata: {name: cheap}\nspec: {workflow: a}\n---\n"
    documents = loaded(WORKFLOW + cheap + BUDGETED.replace(", budget: b", "") + f"spec: {spec}\n")
    assert [line.partition(", which")[0] for line in faults(lambda: resolve(documents))] == [
        "flowscale.yaml:13:15: spec.limit: $3 can't hold one run of a"
    ]


def promotion(name: str, *stages: str, deployments: str = "[]") -> str:
    listed = "".join(f"    - {stage}\n" for stage in stages)
    return f"kind: Promotion\nmetadata: {{name: {name}}}\nspec:\n  deployments: {deployments}\n  stages:\n{listed}---\n"


def test_promotions_in_a_circle_are_refused(loaded: Loaded, faults: Faults) -> None:
    documents = loaded(
        environments("dev", "prod") + promotion("up", "dev", "prod") + promotion("down", "prod", "dev")
    )
    assert faults(lambda: resolve(documents)) == [
        "flowscale.yaml:21:7: spec.stages[1]: a promotion in a circle: dev -> prod -> dev"
    ] or faults(lambda: resolve(documents)) == [
        "flowscale.yaml:13:7: spec.stages[1]: a promotion in a circle: prod -> dev -> prod"
    ]


def test_promotions_of_different_deployments_make_no_circle(loaded: Loaded) -> None:
    text = WORKFLOW + "kind: Workflow\nmetadata: {name: b}\n---\n" + environments("dev", "prod")
    text += promotion("up", "dev", "prod", deployments="[a]") + promotion(
        "down", "prod", "dev", deployments="[b]"
    )
    assert len(resolve(loaded(text)).promotions) == 2


def test_a_promotion_of_all_makes_a_circle_with_one_of_some(loaded: Loaded, faults: Faults) -> None:
    text = WORKFLOW + environments("dev", "prod")
    documents = loaded(
        text + promotion("up", "dev", "prod") + promotion("down", "prod", "dev", deployments="[a]")
    )
    assert len(faults(lambda: resolve(documents))) == 1


@pytest.mark.parametrize(
    ("stages", "told"),
    [
        (["dev", "dev"], "spec.stages[1]: environment dev is a stage already"),
        (
            ["{environment: dev, after: [prod]}", "{environment: prod, after: [dev]}"],
            "a promotion in a circle",
        ),
        (
            ["dev", "{environment: prod, after: [stagin]}"],
            "spec.stages[1].after[0]: stagin is no stage of this promotion",
        ),
        (["{environment: dev, after: [dev]}"], "a promotion in a circle: dev -> dev"),
    ],
)
def test_stages_come_one_after_the_other(
    loaded: Loaded, faults: Faults, stages: list[str], told: str
) -> None:
    documents = loaded(environments("dev", "prod") + promotion("p", *stages))
    assert told in "\n".join(faults(lambda: resolve(documents)))


def test_stages_may_branch_and_meet(loaded: Loaded) -> None:
    text = environments("dev", "eu", "us", "all") + promotion(
        "p",
        "dev",
        "{environment: eu, after: [dev]}",
        "{environment: us, after: [dev]}",
        "{environment: all, after: [eu, us]}",
    )
    assert len(resolve(loaded(text)).promotions[0].spec.stages) == 4


def test_pipelines_that_call_each_other_are_refused(loaded: Loaded, faults: Faults) -> None:
    text = "".join(
        f"kind: Pipeline\nmetadata: {{name: {name}}}\nspec: {{steps: [{{name: s, pipeline: {other}}}]}}\n---\n"
        for name, other in [("p", "q"), ("q", "r"), ("r", "p")]
    )
    documents = loaded(text)
    assert "pipelines call each other in a circle" in faults(lambda: resolve(documents))[0]


def test_one_project_is_enough(loaded: Loaded, faults: Faults) -> None:
    documents = loaded("kind: Project\nmetadata: {name: a}\n---\nkind: Project\nmetadata: {name: b}\n")
    told = faults(lambda: resolve(documents))
    assert len(told) == 1
    assert told[0].startswith("flowscale.yaml:4:7: kind: there is one Project already (it is a in ")


def test_fuzzy_inputs_are_inputs(loaded: Loaded, faults: Faults) -> None:
    text = "kind: Workflow\nmetadata: {name: a}\nspec: {inputs: {prompt: 6.text}}\n---\n"
    documents = loaded(text + "kind: WorkflowDeployment\nspec: {cache: {fuzzy: [promt]}}\n")
    assert faults(lambda: resolve(documents)) == [
        "flowscale.yaml:6:24: spec.cache.fuzzy[0]: a has no input promt (did you mean prompt?)"
    ]


def test_all_faults_between_documents_are_told_at_once(loaded: Loaded, faults: Faults) -> None:
    text = "kind: WorkflowDeployment\nspec: {gpu: L44, budget: x, traffic: {1.0.0: 1%}}\n---\n" + promotion(
        "p", "dev"
    )
    documents = loaded(WORKFLOW + text)
    assert [line.split(": ")[1] for line in faults(lambda: resolve(documents))] == [
        "spec.gpu",
        "spec.budget",
        "spec.traffic",
        "spec.stages[0].environment",
    ]


@given(edges=st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdef"), max_size=3)))
def test_a_circle_is_found_if_there_is_one(edges: dict[str, list[str]]) -> None:
    cycle = find_cycle(edges)
    if cycle:
        assert all(
            after in edges[before] for before, after in zip(cycle, (*cycle[1:], cycle[0]), strict=True)
        )
    else:
        reach = {node: set(after) for node, after in edges.items()}
        for _ in reach:
            for after in reach.values():
                after.update(*[reach.get(node, set()) for node in after])
        assert all(node not in after for node, after in reach.items())
