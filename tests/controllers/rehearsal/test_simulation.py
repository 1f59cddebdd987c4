"""The simulated cluster: small traces reckoned by hand, and months of traffic."""

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowscale_controllers.rehearsal.alternatives import rehearse, variants
from flowscale_controllers.rehearsal.charts import draw
from flowscale_controllers.rehearsal.simulation import Assumptions, Simulation
from flowscale_controllers.rehearsal.traces import Arrival
from flowscale_specs import ResolvedDeployment, ResolvedProject, parse, resolve

START = 1_714_953_600.0  # a Monday, 0:00 UTC


def project(scaling: str = "{}", more: str = "", budget: str = "") -> ResolvedProject:
    text = f"""
kind: Workflow
metadata: {{name: portrait}}
spec: {{source: workflow.json}}
---
kind: WorkflowDeployment
metadata: {{name: portrait}}
spec: {{workflow: portrait, gpu: L4, scaling: {scaling}{more}}}
{budget}"""
    return resolve(parse(text.encode(), Path("flowscale.yaml")))


def deployed(scaling: str = "{}", more: str = "") -> ResolvedDeployment:
    return project(scaling, more).deployments["portrait"]


def at(*seconds: float, computing: float = 10.0) -> list[Arrival]:
    return [Arrival(START + each, computing) for each in seconds]


def test_one_run_pays_for_a_cold_start_itself_and_the_idle_timeout() -> None:
    outcome = Simulation(deployed("{idleTimeout: 60s, cooldown: 0s}"), Assumptions(cold_start=45.0)).run(
        at(0)
    )
    assert (outcome.runs, outcome.cold_starts, outcome.most_instances) == (1, 1, 1)
    assert (outcome.wait_p95, outcome.answer_p95) == (45.0, 55.0)
    assert outcome.hours * 3600 == pytest.approx(45 + 10 + 60)
    assert outcome.cost == pytest.approx(115 / 3600 * 0.5)


def test_a_run_that_finds_an_idle_instance_waits_for_nothing() -> None:
    outcome = Simulation(deployed(), Assumptions()).run(at(0, 100))
    assert (outcome.cold_starts, outcome.wait_p50, outcome.wait_p95) == (1, 0.0, 45.0)


def test_a_queue_is_shared_by_as_many_as_its_depth_asks_for() -> None:
    outcome = Simulation(deployed("{max: 3, queueDepth: 2}"), Assumptions(cold_start=0.0)).run(at(*[0.0] * 6))
    assert outcome.most_instances == 3
    assert (outcome.answer_p50, outcome.answer_p95) == pytest.approx((10.0, 20.0), abs=0.2)


def test_runs_beyond_the_queue_limit_are_refused() -> None:
    outcome = Simulation(deployed(more=", limits: {queue: 2}"), Assumptions()).run(at(0, 1, 2, 3))
    assert (outcome.runs, outcome.refused) == (2, 2)


def test_an_instance_that_must_go_finishes_its_run_first() -> None:
    spec = deployed("{mode: on-demand, max: 2}")
    outcome = Simulation(spec, Assumptions(cold_start=0.0)).run([*at(0, computing=5), *at(0, computing=50)])
    assert (outcome.runs, outcome.unfinished) == (2, 0)
    assert outcome.hours * 3600 == pytest.approx(55)


def test_what_no_bound_allows_stays_unfinished() -> None:
    outcome = Simulation(deployed("{cost: $0.10/h}"), Assumptions()).run(at(0))
    assert (outcome.runs, outcome.unfinished, outcome.cost) == (0, 1, 0.0)


def test_a_budget_stops_instances_and_its_next_day_starts_them_again() -> None:
    budget = "---\nkind: Budget\nmetadata: {name: day}\nspec: {limit: $0.10/day, exceeded: scale-to-zero}\n"
    found = project("{max: 1}", ", budget: day, limits: {timeout: 1m, queue: 1000}", budget)
    spec = found.deployments["portrait"]
    arrivals = at(*(each * 60.0 for each in range(60)), 86400.0, computing=30)
    outcome = Simulation(spec, Assumptions(cold_start=0.0), tuple(found.budgets.values())).run(arrivals)
    assert outcome.unfinished > 0
    assert 0.10 < outcome.cost < 0.30
    assert {point.instances for point in outcome.points if point.at > START + 86400} == {0, 1}


def test_a_minimum_and_a_window_keep_instances_without_work() -> None:
    spec = deployed("{min: 1, max: 3, schedule: [{cron: 0 8 * * *, duration: 1h, min: 3}]}")
    outcome = Simulation(spec, Assumptions()).run(at(0, 9 * 3600))
    assert [point.instances for point in outcome.points if point.at == START + 8 * 3600] == [3]
    assert outcome.points[-1].instances == 1


TRACES = st.lists(st.tuples(st.floats(0, 600), st.floats(0.1, 120)), min_size=1, max_size=60).map(
    lambda steps: _spaced(steps)
)


def _spaced(steps: Sequence[tuple[float, float]]) -> list[Arrival]:
    now, arrivals = START, []
    for wait, computing in steps:
        now += wait
        arrivals.append(Arrival(now, computing))
    return arrivals


@given(
    TRACES,
    st.sampled_from(["{max: 4}", "{max: 2, warm: 1}", "{mode: batch, max: 5}", "{mode: on-demand, max: 3}"]),
)
def test_every_run_is_answered_and_nothing_costs_less_than_its_computing(
    trace: list[Arrival], scaling: str
) -> None:
    outcome = Simulation(deployed(scaling, ", limits: {queue: 1000}"), Assumptions()).run(trace)
    assert (outcome.runs, outcome.unfinished, outcome.refused) == (len(trace), 0, 0)
    assert outcome.hours * 3600 >= sum(arrival.seconds or 0 for arrival in trace) - 1e-6
    assert outcome.most_instances <= 5


def month(seed: int, spread: float = 86400.0) -> list[Arrival]:
    """Thirty days with a peak every afternoon."""
    rng, now, found = random.Random(seed), START, []
    while now < START + 30 * 86400:
        wave = max(0.0, math.sin((now % spread) / spread * 2 * math.pi - 1.5))
        now += rng.expovariate(0.0005 + 0.005 * wave)
        found.append(Arrival(now, rng.expovariate(1 / 12)))
    return found


@pytest.mark.slow
def test_a_month_is_replayed_whole() -> None:
    trace = month(1)
    outcome = Simulation(deployed("{max: 8}"), Assumptions()).run(trace)
    assert (outcome.runs, outcome.unfinished) == (len(trace), 0)
    assert outcome.cold_starts < outcome.runs / 2
    assert outcome.busy > 0.03


@pytest.mark.slow
def test_a_longer_idle_timeout_costs_more_and_starts_less_often() -> None:
    trace = month(2)[:2500]
    spec = deployed("{max: 8}")
    short, long = (
        Simulation(replace(spec, scaling=replace(spec.scaling, idle_timeout=idle)), Assumptions()).run(trace)
        for idle in (30.0, 1800.0)
    )
    assert short.cost < long.cost
    assert short.cold_starts > long.cold_starts


def test_predictions_start_instances_before_runs_come() -> None:
    trace = at(*(day * 86400 + 36000 + each * 20.0 for day in range(8) for each in range(180)), computing=15)
    spec = deployed("{max: 4, idleTimeout: 1m}")
    plain, ahead = (
        Simulation(
            replace(spec, scaling=replace(spec.scaling, predictive=each)), Assumptions(cold_start=120)
        ).run(trace)
        for each in (False, True)
    )
    assert ahead.cold_starts < plain.cold_starts


def test_alternatives_change_one_thing_each() -> None:
    found = project("{max: 4}")
    changes = [each.change for each in variants(found.deployments["portrait"], found.gpus, {})]
    assert changes[0] == ""
    assert {"gpu: A100-40", "gpu: H100", "min: 1", "min: 2", "idleTimeout: 1m", "idleTimeout: 30s"} <= set(
        changes
    )
    assert not {"gpu: T4", "gpu: CPU", "gpu: L4", "min: 0", "idleTimeout: 5m"} & set(changes)


def test_a_faster_gpu_computes_faster() -> None:
    found = project("{max: 4}")
    speeds = {"L4": 1.0, "H100": 5.0}
    faster = next(
        each
        for each in variants(found.deployments["portrait"], found.gpus, speeds)
        if each.change == "gpu: H100"
    )
    outcome = rehearse(faster, at(0), Assumptions(cold_start=0.0))
    assert outcome.answer_p95 == pytest.approx(2.0)


@pytest.mark.parametrize(("name", "start"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml")])
def test_a_chart_is_a_picture(tmp_path: Path, name: str, start: bytes) -> None:
    outcome = Simulation(deployed(), Assumptions()).run(at(0, 100, 200))
    draw(tmp_path / name, "portrait", [("", outcome), ("min: 1", outcome)])
    assert (tmp_path / name).read_bytes().startswith(start)
