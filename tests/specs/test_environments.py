"""An environment sees documents with its overlay merged over them, as RFC 7396 says."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowscale_specs import Documents, resolve
from flowscale_specs.merging import merge

Loaded = Callable[[str], Documents]
Faults = Callable[[Callable[[], object]], list[str]]


@pytest.mark.parametrize(
    ("original", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_the_examples_of_rfc_7396(original: Any, patch: Any, result: Any) -> None:
    before = copy.deepcopy((original, patch))
    assert merge(original, patch) == result
    assert (original, patch) == before


_json = st.recursive(
    st.none() | st.integers(0, 3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(target=_json, patch=_json)
def test_merging_twice_is_merging_once(target: Any, patch: Any) -> None:
    once = merge(target, patch)
    assert merge(once, patch) == once


SPECS = """\
kind: Project
metadata: {name: studio}
spec:
  variables: {A: project, B: project}
  defaults:
    limits: {queue: 7, timeout: 1m}
    gpu: T4
---
kind: Workflow
metadata: {name: a}
---
kind: Workflow
metadata: {name: b}
---
kind: WorkflowDeployment
metadata: {name: a}
spec: {workflow: a, limits: {timeout: 2m}, tags: [x], variables: {B: deployment}}
---
kind: Environment
metadata: {name: prod}
spec:
  overlay:
    WorkflowDeployment:
      "*": {limits: {queue: 9}}
      a: {gpu: L4, limits: {queue: 11}, tags: null}
      b: {scaling: 2}
  variables: {A: environment}
---
"""


def test_defaults_of_the_project_lie_beneath_deployments(loaded: Loaded) -> None:
    project = resolve(loaded(SPECS))
    a, b = project.deployments["a"], project.deployments["b"]
    assert (a.gpu.name, a.limits.queue, a.limits.timeout, a.tags) == ("T4", 7, 120.0, ("x",))
    assert (b.gpu.name, b.limits.queue, b.limits.timeout, b.tags) == ("T4", 7, 60.0, ())
    assert project.environment is None
    assert project.target is None


def test_an_overlay_lies_over_deployments_also_implied_ones(loaded: Loaded) -> None:
    project = resolve(loaded(SPECS), "prod")
    a, b = project.deployments["a"], project.deployments["b"]
    assert (a.gpu.name, a.limits.queue, a.limits.timeout, a.tags) == ("L4", 11, 120.0, ())
    assert (b.gpu.name, b.limits.queue, b.scaling.min, b.scaling.max) == ("T4", 9, 2, 2)
    assert project.environment == "prod"


def test_variables_of_deployments_lie_over_environments_over_projects(loaded: Loaded) -> None:
    documents = loaded(SPECS)
    assert resolve(documents).deployments["a"].variables == {"A": "project", "B": "deployment"}
    assert resolve(documents, "prod").deployments["a"].variables == {"A": "environment", "B": "deployment"}
    assert resolve(documents, "prod").variables == {"A": "environment", "B": "project"}


def test_resolving_for_one_environment_leaves_the_documents_as_they_are(loaded: Loaded) -> None:
    documents = loaded(SPECS)
    before = resolve(documents)
    resolve(documents, "prod")
    assert resolve(documents) == before


def test_an_overlay_can_leave_a_document_out(loaded: Loaded) -> None:
    overlay = "kind: Environment\nmetadata: {name: dev}\nspec: {overlay: {WorkflowDeployment: {a: null}}}\n"
    assert list(resolve(loaded(SPECS + overlay), "dev").deployments) == ["b"]


def test_an_overlay_changes_other_kinds_too(loaded: Loaded) -> None:
    text = SPECS + (
        "kind: Budget\nmetadata: {name: x}\nspec: {limit: $5/day}\n---\nkind: Environment\nmetadata: {name: dev}\n"
        "spec: {overlay: {Budget: {x: {limit: $1/day}}, Project: {studio: {team: t}}, Workflow: {a: {version: 2.0.0}}}}\n"
    )
    project = resolve(loaded(text), "dev")
    assert (project.budgets["x"].limit, project.team) == (1_000_000, "t")
    assert project.deployments["a"].traffic == (("2.0.0", 100),)


def test_an_overlay_changes_built_in_gpu_types(loaded: Loaded) -> None:
    overlay = "kind: Environment\nmetadata: {name: dev}\nspec: {overlay: {GpuType: {L4: {price: $0.80/h}}}}\n"
    gpus = resolve(loaded(SPECS + overlay), "dev").gpus
    assert [(name, gpu.price) for name, gpu in gpus.items()][:3] == [
        ("CPU", 0),
        ("T4", 300_000),
        ("L4", 800_000),
    ]
    assert gpus["L4"].memory == 24 * 2**30


@pytest.mark.parametrize("spec", ["", "{overlay: }", "{overlay: {}}", "{overlay: {Budget: {}}}"])
def test_an_overlay_may_be_empty(loaded: Loaded, spec: str) -> None:
    documents = loaded(SPECS + f"kind: Environment\nmetadata: {{name: dev}}\nspec: {spec}\n")
    assert resolve(documents, "dev").deployments == resolve(documents).deployments


def test_an_unknown_environment_is_told(loaded: Loaded, faults: Faults) -> None:
    documents = loaded(SPECS)
    assert faults(lambda: resolve(documents, "prd")) == [
        "flowscale.yaml:1:1: there is no Environment prd (did you mean prod?)"
    ]


@pytest.mark.parametrize(
    ("overlay", "told"),
    [
        (
            "{WorkflowDeploymnt: {a: {}}}",
            "spec.overlay.WorkflowDeploymnt: there is no kind WorkflowDeploymnt to overlay",
        ),
        ("{Environment: {dev: {}}}", "there is no kind Environment to overlay"),
        (
            "{WorkflowDeployment: {aa: {}}}",
            "spec.overlay.WorkflowDeployment.aa: there is no WorkflowDeployment aa",
        ),
        ("{WorkflowDeployment: {a: {gpuu: L4}}}", "4:38: spec.gpuu: unknown key (did you mean gpu?)"),
        (
            "{WorkflowDeployment: {a: {gpu: L44}}}",
            "4:43: spec.gpu: there is no GpuType L44 (did you mean L4?)",
        ),
        (
            "{WorkflowDeployment: {a: {limits: {queue: x}}}}",
            "4:54: spec.limits.queue: should be a whole number",
        ),
    ],
)
def test_faults_of_an_overlay_are_told_where_it_is_written(
    loaded: Loaded, faults: Faults, overlay: str, told: str
) -> None:
    text = f"kind: Environment\nmetadata: {{name: dev}}\nspec:\n  overlay: {overlay}\n---\n"
    documents = loaded(text + SPECS)
    found = faults(lambda: resolve(documents, "dev"))
    assert len(found) == 1
    assert told in found[0]


def test_faults_of_defaults_are_told_once_where_they_are_written(loaded: Loaded, faults: Faults) -> None:
    text = "kind: Project\nspec:\n  defaults: {gpu: 5x, limit: {}}\n---\n" + SPECS.partition("---\n")[2]
    documents = loaded(text)
    assert faults(lambda: resolve(documents)) == [
        "flowscale.yaml:3:23: spec.limit: unknown key (did you mean limits?)"
    ]


def test_where_an_environment_goes(loaded: Loaded) -> None:
    text = (
        "kind: Environment\nmetadata: {name: prod}\nspec:\n  cluster: big\n  domain: api.example.com\n"
        "  stores: {database: {secret: pg/url}, objects: 's3://bucket'}\n---\nkind: Environment\nmetadata: {name: dev}\n"
    )
    documents = loaded(text)
    prod, dev = resolve(documents, "prod").target, resolve(documents, "dev").target
    assert prod is not None
    assert dev is not None
    assert (prod.cluster, prod.namespace, prod.domain) == ("big", "flowscale-prod", "api.example.com")
    assert (prod.database, prod.objects) == ("secret:pg/url", "s3://bucket")
    assert (dev.cluster, dev.domain, dev.database, dev.objects) == (None, None, "bundled", "bundled")
