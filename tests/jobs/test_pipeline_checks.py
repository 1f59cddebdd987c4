"""What is wrong with a pipeline is told before it runs; its picture shows every step."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from flowscale_jobs.pipelines.checking import faults
from flowscale_jobs.pipelines.drawing import draw
from flowscale_jobs.pipelines.graphs import graph
from flowscale_specs import ResolvedProject, parse, resolve

BASE = """
apiVersion: flowscale.ai/v1
kind: Workflow
metadata: {name: enlarge}
spec:
  inputs:
    photo: {from: 1.image, type: image, required: true}
    factor: {from: 2.factor, type: integer, minimum: 1, maximum: 8}
---
apiVersion: flowscale.ai/v1
kind: WorkflowDeployment
metadata: {name: enlarge}
spec: {workflow: enlarge}
---
apiVersion: flowscale.ai/v1
kind: Pipeline
metadata: {name: p}
spec:
"""
GOOD = """
  inputs: {photo: {type: image}, big: {type: boolean, default: false}}
  steps:
    - {name: one, run: enlarge, inputs: {photo: "${inputs.photo}", factor: 2}}
    - name: branch
      switch:
        - {if: inputs.big, steps: [{name: more, run: enlarge, inputs: {photo: "${steps.one.image}"}}]}
        - {steps: [{name: check, validate: {value: "${steps.one.image}", rules: {minResolution: 64x64, format: [png]}}}]}
  handlers: {failure: [{name: tell, http: {url: "https://example.com", body: {why: "${error.message}"}}}]}
  outputs: {image: "${steps.one.image}"}
"""


def project(pipeline: str) -> ResolvedProject:
    return resolve(parse((BASE + pipeline).encode(), Path("flowscale.yaml")))


def test_a_good_pipeline_has_no_faults() -> None:
    assert faults(project(GOOD)) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("factor: 2", "factor: 20", "step one: the input factor is 20, above its maximum 8"),
        ("factor: 2", "factor: two", "step one: the input factor is 'two', which is no integer"),
        ("factor: 2", "times: 2", "step one: there is no input times: photo, factor"),
        ('photo: "${inputs.photo}", ', "", "step one: the input photo is missing"),
        ("if: inputs.big", "if: inputs.large", "names the input large, which the pipeline doesn't declare"),
        ("if: inputs.big", "if: inputs.big &&", "is no expression"),
        ("image: \"${steps.one.image}\"}", "image: \"${steps.none.image}\"}", "output image: 'steps.none.image' names the step none"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_step(old: str, new: str, fault: str) -> None:
    found = faults(project(GOOD.replace(old, new)))
    assert len(found) == 1
    assert fault in found[0]


def test_a_step_sees_none_that_comes_later_or_beside_it() -> None:
    text = """
  steps:
    - name: both
      parallel:
        - {name: a, http: "https://example.com/${steps.b.x}"}
        - {name: b, after: [a], http: "https://example.com/${steps.a.x}"}
"""
    assert faults(project(text)) == [
        "pipeline p: step a: 'steps.b.x' names the step b, which doesn't come before it"
    ]


def test_the_graph_branches_and_joins() -> None:
    made = graph(project(GOOD).pipelines[0].spec)
    assert list(made.nodes) == ["start", "one", "branch", "more", "check", "tell", "end"]
    assert {(source, target, label) for source, target, label in made.arrows if source == "branch"} == {
        ("branch", "more", "inputs.big"),
        ("branch", "check", "else"),
    }
    assert {source for source, target, _ in made.arrows if target == "end"} == {"more", "check", "tell"}


def test_the_picture_is_svg_with_every_step_in_it() -> None:
    picture = ElementTree.fromstring(draw(project(GOOD).pipelines[0].spec))
    words = {text for element in picture.iter() if (text := (element.text or "").strip())}
    assert {"start", "one", "branch", "more", "check", "tell", "end"} <= words
