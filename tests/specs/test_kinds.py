"""Every kind is complete, strict, described, and written in few words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from flowscale_specs import KINDS, Documents, SpecErrors, load, parse
from flowscale_specs.kinds import Document, fields_of

Loaded = Callable[[str], Documents]
EXECUTED = {
    "Model",
    "Project",
    "Workflow",
    "WorkflowDeployment",
    "GpuType",
    "Budget",
    "Environment",
    "Policy",
    "Batch",
    "Promotion",
    "Schedule",
    "Pipeline",
}


def models(kind: Any, seen: set[Any]) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in seen:
        seen.add(kind)
        yield kind
        for field in fields_of(kind).values():
            yield from models(field.annotation, seen)
    for argument in get_args(kind):
        yield from models(argument, seen)


ALL = [model for kind in KINDS.values() for model in models(kind, set())]


def written_paths(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield f"{path}.{key}"
            yield from written_paths(item, f"{path}.{key}")
    if isinstance(value, list):
        for item in value:
            yield from written_paths(item, path)


def test_the_kinds_are_those_of_the_design() -> None:
    assert list(KINDS) == [
        "Project",
        "Workflow",
        "WorkflowDeployment",
        "GpuType",
        "Budget",
        "Environment",
        "Promotion",
        "Batch",
        "Schedule",
        "Pipeline",
        "Model",
        "Policy",
    ]


def test_what_is_executed_is_told() -> None:
    assert {name for name, kind in KINDS.items() if kind.executes} == EXECUTED


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.__name__)
def test_every_field_is_described(model: type[BaseModel]) -> None:
    assert model.__doc__
    for name, field in fields_of(model).items():
        assert field.description, name
        assert field.description.endswith((".", ")", "...")) or field.description.endswith("`"), name


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.__name__)
def test_every_mapping_is_strict_and_frozen(model: type[BaseModel]) -> None:
    assert model.model_config["extra"] == "forbid"
    assert model.model_config["frozen"] is True


@pytest.mark.parametrize("kind", KINDS)
def test_the_complete_specs_say_everything(kind: str, complete: Path) -> None:
    """Every key of every part of a kind stands somewhere in the complete specs."""
    said = {path.rpartition(".")[2] for entry in load(complete) for path in written_paths(entry.written)}
    keys = {
        field.alias or name
        for model in models(KINDS[kind].model_fields["spec"].annotation, set())
        for name, field in fields_of(model).items()
    }
    assert keys - said == set()


@pytest.mark.parametrize(
    ("short", "path", "value"),
    [
        ("scaling: 3", "scaling.bounds", (3, 3)),
        ("scaling: fixed", "scaling.bounds", (1, 1)),
        ("scaling: {mode: fixed, min: 2}", "scaling.bounds", (2, 2)),
        ("scaling: {min: 2}", "scaling.bounds", (2, 2)),
        ("scaling: {max: 5}", "scaling.bounds", (0, 5)),
        ("cache: {}", "cache.enabled", True),
        ("cache: true", "cache.enabled", True),
        ("cache: false", "cache.enabled", False),
        ("cache: 24h", "cache.ttl", 86400.0),
        ("cache:", "cache", None),
        ("auth: false", "auth.required", False),
        ("cors: https://a.b", "cors.origins", ("https://a.b",)),
        ("cors: ['https://a.b']", "cors.origins", ("https://a.b",)),
        ("traffic: 2.1.0", "traffic", {"2.1.0": 100}),
        ("traffic: 2.0", "traffic", {"2.0.0": 100}),
        ("tags: [on, 1e3, 2.10]", "tags", ("on", "1e3", "2.10")),
        ("scaling: {max: 1e1}", "scaling.max", 10),
    ],
)
def test_short_forms_of_deployments(loaded: Loaded, short: str, path: str, value: Any) -> None:
    entry = next(iter(loaded(f"kind: WorkflowDeployment\nspec:\n  workflow: a\n  {short}\n")))
    found: Any = entry.document.spec  # type: ignore[attr-defined]
    for name in path.split("."):
        found = getattr(found, name)
    assert found == value


def workflow(loaded: Loaded, spec: str) -> Any:
    return next(iter(loaded(f"kind: Workflow\nmetadata: {{name: a}}\nspec: {spec}\n"))).document.spec  # type: ignore[attr-defined]


def test_texts_stay_as_they_are_written(loaded: Loaded) -> None:
    spec = workflow(
        loaded,
        "{description: 1e3, inputs: {a: {from: 6.10, label: no}, on: 012, c: {from: 0x1F, label: true}}}",
    )
    assert spec.description == "1e3"
    assert {name: (item.from_, item.label) for name, item in spec.inputs.items()} == {
        "a": ("6.10", "no"),
        "on": ("012", None),
        "c": ("0x1F", "true"),
    }


def test_values_of_inputs_keep_their_types(loaded: Loaded) -> None:
    spec = workflow(
        loaded,
        "{inputs: {a: {default: 1e3}, b: {default: on}, c: {choices: [1, '1', yes, true, 2.50, {k: [x]}]}}}",
    )
    assert spec.inputs["a"].default == 1000.0
    assert type(spec.inputs["a"].default) is float
    assert spec.inputs["b"].default == "on"
    assert spec.inputs["c"].choices == (1, "1", "yes", True, 2.5, {"k": ["x"]})
    assert type(spec.inputs["c"].choices[5]) is dict


def test_values_of_text_inputs_are_text_as_it_is_written(loaded: Loaded) -> None:
    spec = workflow(loaded, "{inputs: {a: {type: string, default: 1e3, choices: [1e3, on, true, 2.50]}}}")
    assert spec.inputs["a"].default == "1e3"
    assert spec.inputs["a"].choices == ("1e3", "on", "true", "2.50")


def test_bounds_of_whole_numbers_stay_whole(loaded: Loaded) -> None:
    spec = workflow(loaded, "{inputs: {a: {minimum: 1, maximum: 2.5}}}")
    assert (repr(spec.inputs["a"].minimum), repr(spec.inputs["a"].maximum)) == ("1", "2.5")


@pytest.mark.parametrize(
    ("kind", "spec", "told"),
    [
        (
            "Workflow",
            "{inputs: {a: {minimum: 2, maximum: 1}}}",
            "spec.inputs.a: minimum 2 is above maximum 1",
        ),
        (
            "Workflow",
            "{inputs: {a: {minLength: 2, maxLength: 1}}}",
            "spec.inputs.a: minLength 2 is above maxLength 1",
        ),
        (
            "Workflow",
            "{inputs: {a: {default: 0, minimum: 1}}}",
            "spec.inputs.a: default 0 is below minimum 1",
        ),
        (
            "Workflow",
            "{inputs: {a: {default: 9, maximum: 1}}}",
            "spec.inputs.a: default 9 is above maximum 1",
        ),
        (
            "Workflow",
            "{inputs: {a: {default: x, choices: [y]}}}",
            "spec.inputs.a: default is not one of the choices",
        ),
        ("Workflow", "{inputs: {a: {default: xx, maxLength: 1}}}", "more than maxLength 1"),
        ("Workflow", "{inputs: {a: {default: x, minLength: 2}}}", "fewer than minLength 2"),
        ("Workflow", "{inputs: {a: {step: 0}}}", "step 0 is not more than 0"),
        ("Workflow", "{inputs: {a: {type: integer, default: 1.5}}}", "default is not of type integer"),
        ("Workflow", "{inputs: {a: {type: number, default: true}}}", "default is not of type number"),
        ("Workflow", "{inputs: {a: {type: boolean, default: on}}}", "default is not of type boolean"),
        ("Workflow", "{inputs: {a: {type: string, default: [a]}}}", "default is not of type string"),
        ("Workflow", "{inputs: {a: {choices: []}}}", "should have 1 entries or more"),
        ("Workflow", "{inputs: {a: {default: .nan}}}", "spec.inputs.a.default: should be a finite number"),
        ("Workflow", "{inputs: {a: {default: 1e999}}}", "spec.inputs.a.default: should be a finite number"),
        ("Workflow", "{inputs: {'a b': x}}", "spec.inputs.a b: not a key"),
        ("Workflow", "{packs: [{source: a, commit: main}]}", "spec.packs[0].commit: not a commit"),
        ("Workflow", '{description: "a\\0b"}', "spec.description: has control characters"),
        (
            "WorkflowDeployment",
            "{scaling: {mode: fixed, min: 1, max: 2}}",
            "a fixed number has min equal to max",
        ),
        ("WorkflowDeployment", "{limits: {timeout: 0s}}", "timeout is zero"),
        ("GpuType", "{mig: 1g.10gb, timeSlicing: 2}", "spec: mig and timeSlicing divide the same device"),
        ("GpuType", "{mig: 9g.1gb}", "spec.mig: not written the right way"),
        ("Budget", "{limit: $5/day, period: month}", "spec: limit says day, period says month"),
        ("Budget", "{limit: $5, soft: $6}", "soft limit $6 is above the limit $5"),
        ("Budget", "{limit: $5, scope: key}", "a budget of a key needs target"),
        ("Environment", "{overlay: {Budget: {a: 5}}}", "spec.overlay.Budget.a: should be a mapping"),
        ("Environment", "{stores: {database: nowhere}}", "spec.stores.database: not an address"),
        ("Environment", "{stores: {database: 'postgres://u:p@h/d'}}", "a password doesn't belong in a spec"),
        ("Promotion", "{stages: []}", "spec.stages: should have 1 entries or more"),
        ("Promotion", "{stages: [{environment: a, canary: [50%, 10%]}]}", "steps must rise"),
        ("Promotion", "{stages: [{environment: a, tests: [command]}]}", "a command check needs command"),
        ("Promotion", "{stages: [{environment: a, tests: [webhook]}]}", "a webhook check needs url"),
        ("Batch", "{deployment: a}", "give one of inputs, from and matrix"),
        ("Batch", "{deployment: a, inputs: [{}], from: x}", "give one of inputs, from and matrix"),
        ("Batch", "{deployment: a, from: {source: x, format: files}}", "files need input"),
        ("Schedule", "{run: {deployment: a}}", "give cron, event or change"),
        (
            "Schedule",
            "{cron: '@daily', run: {deployment: a, batch: b}}",
            "give one of deployment, batch and pipeline",
        ),
        (
            "Schedule",
            "{cron: 99 * * * *, run: {deployment: a}}",
            "spec.cron: '99 * * * *' is not a cron expression",
        ),
        ("Pipeline", "{steps: [{name: a}]}", "a step has exactly one action, it has none"),
        (
            "Pipeline",
            "{steps: [{name: a, run: b, batch: c}]}",
            "a step has exactly one action, not run and batch",
        ),
        ("Pipeline", "{steps: [{name: a, run: b}, {name: a, run: b}]}", "two steps are called a"),
        (
            "Pipeline",
            "{steps: [{name: a, run: b, after: [c]}]}",
            "step a comes after c, which is no step before it",
        ),
        (
            "Pipeline",
            "{steps: [{name: a, switch: [{steps: [{name: b, run: c}]}, {if: x, steps: [{name: d, run: c}]}]}]}",
            "only the last case",
        ),
        (
            "Model",
            "{format: onnx, file: 'https://a.b/c', inputs: [{name: a, shape: []}], outputs: [{name: b, shape: []}]}",
            "add sha256",
        ),
        (
            "Model",
            "{format: onnx, file: a, inputs: [{name: a, shape: [-2]}], outputs: [{name: b, shape: []}]}",
            "should be at least -1",
        ),
        (
            "Model",
            "{format: onnx, file: a, inputs: [], outputs: [{name: b, shape: []}]}",
            "spec.inputs: should have 1 entries",
        ),
        ("Policy", "{rule: x, message: y, effect: approve}", "effect: approve and approval belong together"),
    ],
)
def test_contradictions_are_refused(
    write: Callable[..., Path],
    tmp_path: Path,
    faults: Callable[[Callable[[], object]], list[str]],
    kind: str,
    spec: str,
    told: str,
) -> None:
    write(f"kind: {kind}\nmetadata: {{name: a}}\nspec: {spec}\n")
    found = faults(lambda: load(tmp_path))
    assert len(found) == 1
    assert told in found[0]


def test_documents_say_whether_they_are_executed(complete: Path) -> None:
    kinds = {entry.kind for entry in load(complete).declared_only()}
    assert kinds == set(KINDS) - EXECUTED


def test_a_document_without_an_api_version_has_the_current_one() -> None:
    assert {kind.model_fields["api_version"].default for kind in KINDS.values()} == {"flowscale.ai/v1"}
    assert all(issubclass(kind, Document) for kind in KINDS.values())


MODEL = "inputs: [{name: a, shape: [1]}], outputs: [{name: b, shape: [1]}]"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("format: safetensors, file: a", "code belongs to the format safetensors"),
        ("format: onnx, file: a, code: 'net.py:Net'", "code belongs to the format safetensors"),
        ("format: safetensors, file: a, code: net.py", "a file and a class"),
        ("format: onnx, file: a, quantization: int8", "can't be quantised to int8"),
        ("format: export, file: a, quantization: int8", "can't be quantised to int8"),
    ],
)
def test_a_model_that_can_not_be_loaded_is_refused(spec: str, message: str) -> None:
    with pytest.raises(SpecErrors, match=message):
        parse(f"kind: Model\nmetadata: {{name: m}}\nspec: {{{spec}, {MODEL}}}\n".encode())
