"""A plan tells dollars, releases, cold starts and policies, and renders the same for people and machines."""

import json
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from flowscale_stacks.plan import make_plan, render_markdown, render_terminal
from flowscale_stacks.prices import Hourly, dollars, hourly
from stacks import compiling

PROJECT = compiling.complete()
WANTED = compiling.compiled(PROJECT)


def scaled(**scaling):
    deployment = PROJECT.deployments["portrait"]
    changed = replace(deployment, scaling=replace(deployment.scaling, **scaling))
    return compiling.compiled(replace(PROJECT, deployments={"portrait": changed}))


def plan(current, wanted=WANTED, project=PROJECT, **more):
    return make_plan(project, current, wanted, against="compared with a test", **more)


def priced(text):
    return hourly(compiling.small(text).deployments["hello"])


@pytest.mark.parametrize(
    ("spec", "cost"),
    [
        ("{}", Hourly(0, 0)),
        ("{gpu: L4}", Hourly(0, 500_000)),
        ("{gpu: L4, scaling: {min: 1, max: 8}}", Hourly(500_000, 4_000_000)),
        ("{gpu: L4, scaling: {max: 8, warm: 2}}", Hourly(1_000_000, 4_000_000)),
        ("{gpu: H100, scaling: {max: 8, cost: $10.00/h}}", Hourly(0, 10_000_000)),
        ("{gpu: H100, scaling: {min: 4, max: 8, cost: $10.00/h}}", Hourly(16_000_000, 16_000_000)),
    ],
)
def test_floor_is_what_always_runs_and_ceiling_what_can_be_reached(spec, cost):
    assert priced(f"kind: WorkflowDeployment\nspec: {spec}\n") == cost


@pytest.mark.parametrize(
    ("micro", "text"),
    [
        (0, "$0.00"),
        (500_000, "$0.50"),
        (1_234_567_890, "$1,234.5679"),
        (1_250, "$0.0013"),
        (-2_000_000, "-$2.00"),
    ],
)
def test_dollars_are_written_as_people_read_them(micro, text):
    assert dollars(micro) == text


def test_costs_before_and_after():
    found = plan(scaled(min=0, max=2, warm=0))

    assert [(cost.deployment, cost.before, cost.after) for cost in found.costs] == [
        ("portrait", Hourly(0, 4_000_000), Hourly(4_000_000, 4_000_000))
    ]
    assert found.total.after == Hourly(4_000_000, 4_000_000)


def test_budgets_are_compared_with_a_period_of_floor_and_ceiling():
    (studio,) = plan(()).budgets

    assert (studio.budget, studio.period, studio.limit) == ("studio", "month", 500_000_000)
    assert (studio.floor, studio.ceiling) == (2_920_000_000, 2_920_000_000)
    assert studio.verdict == "exceeds"


def test_releases_that_change_are_told():
    before = json.loads(json.dumps(WANTED))
    spec = compiling.find(before, "WorkflowDeployment")["spec"]
    spec["releases"] = {"2.0.0": spec["releases"]["2.0.0"], "2.1.0": compiling.OLD, "1.0.0": compiling.NEW}

    found = plan(before)

    assert [(r.version, r.before, r.after) for r in found.releases] == [
        ("1.0.0", compiling.NEW, None),
        ("2.1.0", compiling.OLD, compiling.digest("portrait2.1.0")),
    ]


@pytest.mark.parametrize(
    ("scaling", "grade"),
    [({"min": 0, "warm": 0}, "seconds"), ({"min": 0, "warm": 1}, "none"), ({"min": 1, "warm": 0}, "none")],
)
def test_cold_starts_are_graded_by_what_runs_and_what_is_loaded(scaling, grade):
    (start,) = plan((), scaled(**scaling)).cold_starts

    assert (start.deployment, start.grade) == ("portrait", grade)


def test_policies_are_found_by_their_id():
    text = "kind: Policy\nmetadata: {name: no-cpu}\nspec: {rule: \"deployment.gpu != 'CPU'\", message: Take a GPU.}\n"
    project = compiling.small(text)

    found = plan((), compiling.compiled(project), project)

    assert [(f.rule, f.deployment, f.effect) for f in found.findings] == [("no-cpu", "hello", "deny")]
    assert found.refused


def test_the_same_again_is_empty():
    found = plan(WANTED)

    assert found.empty
    assert found.counts == {"add": 0, "change": 0, "replace": 0, "remove": 0}
    assert "production is as wanted" in render_markdown(found)


def test_json_has_everything():
    told = json.loads(json.dumps(plan(scaled(max=2)).to_json()))

    assert told["counts"]["change"] == 3
    assert {"changes", "releases", "costs", "total", "budgets", "cold_starts", "findings", "refused"} <= set(
        told
    )
    assert told["budgets"][0]["verdict"] == "exceeds"
    changed = {
        (c["kind"], f["path"]): (f["before"], f["after"]) for c in told["changes"] for f in c["fields"]
    }
    assert changed["WorkflowDeployment", "spec.scaling.max"] == (2, 8)


def test_markdown_is_a_comment_with_money_first_and_a_diff_last():
    text = render_markdown(plan(scaled(max=2)))

    assert text.startswith("### FlowScale plan: production: 3 to change")
    assert "Budget studio: $2,920.00 to $2,920.00 a month of $500.00: exceeds" in text
    assert "! WorkflowDeployment portrait\n-   spec.scaling.max: 2\n+   spec.scaling.max: 8" in text


def test_a_comment_is_never_longer_than_forges_take():
    many = [
        {"kind": "ConfigMap", "metadata": {"name": f"a{index}"}, "data": {"x": "y" * 70}}
        for index in range(2000)
    ]

    assert len(render_markdown(plan(many))) < 61_000


def test_a_terminal_shows_changes_and_a_headline():
    console = Console(record=True, width=120, file=StringIO())
    console.print(render_terminal(plan(scaled(max=2))))
    text = console.export_text()

    assert "spec.scaling.max: 2 → 8" in text
    assert text.rstrip().endswith("production: 3 to change (compared with a test)")
