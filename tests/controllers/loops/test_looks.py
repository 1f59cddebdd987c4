"""One look at a deployment or a budget: what has to be written, and nothing where all is as it should be."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowscale_controllers.decisions.budgets import Ledger, Rule
from flowscale_controllers.decisions.values import Limit
from flowscale_controllers.loops import budgets
from flowscale_controllers.loops.contention import Contention, node_of
from flowscale_controllers.loops.reconcile import Executor, View, reconcile
from flowscale_controllers.loops.sharing import releases_of, spread
from flowscale_controllers.loops.traffic import Traffic
from flowscale_controllers.observe.demand import Demand, read_demand, read_ledgers
from flowscale_controllers.observe.pods import Trouble
from flowscale_specs import ResolvedDeployment, parse, resolve
from flowscale_specs.resources import read_resource, resource_of
from harness.controllers import NEW, OLD, SPEC, release

NOW = 1_700_000_000.0


def view(queued: int = 0, replicas: int = 0, **fields: Any) -> View:
    text = SPEC.format(
        traffic=fields.pop("traffic", "2.0.0"),
        scaling=fields.pop("scaling", "{max: 4, queueDepth: 2}"),
        rollout=fields.pop("rollout", "null"),
    )
    project = resolve(parse(text.encode(), Path("flowscale.yaml")))
    resource = read_resource(resource_of(project, "portrait", {"portrait": {"2.0.0": OLD, "2.1.0": NEW}}))
    executor = Executor(name="one", replicas=replicas, ready=replicas, releases=frozenset({OLD}))
    usual: dict[str, Any] = {
        "resource": resource,
        "generation": 3,
        "status": {},
        "executors": (executor,),
        "demand": demand(queued=queued),
    }
    return View(**{**usual, **fields})


def demand(**numbers: Any) -> Demand:
    return read_demand({"deployments": {"portrait": numbers}})["portrait"]


def test_a_queue_scales_and_tells_why() -> None:
    actions = reconcile(view(queued=5), NOW)
    assert actions.scale == {"one": 3}
    assert [(each.reason, each.warning) for each in actions.tellings] == [
        ("Released", False),
        ("ScaledUp", False),
    ]
    assert actions.status is not None
    assert actions.status["scaling"]["wanted"] == 3
    assert actions.status["conditions"][0]["reason"] == "Starting"


def test_nothing_is_written_twice() -> None:
    first = reconcile(view(queued=5), NOW)
    again = reconcile(view(queued=5, replicas=3, status=first.status), NOW + 1)
    assert again.status is not None  # there are three now
    settled = reconcile(view(queued=5, replicas=3, status=again.status), NOW + 2)
    assert (settled.status, settled.scale, settled.tellings) == (None, {}, ())


def test_instances_that_cannot_start_are_told_once_and_why() -> None:
    lacking = (Trouble("Unschedulable", "0/1 nodes: no GPU"),) * 2
    waiting = Executor(name="one", replicas=3, ready=0, releases=frozenset({OLD}))
    first = reconcile(view(queued=5, executors=(waiting,), troubles=lacking), NOW)
    assert first.status is not None
    ready = first.status["conditions"][0]
    assert (ready["status"], ready["reason"]) == ("False", "Unschedulable")
    assert ready["message"] == "0 of 3 instances are ready; 2 can't start: Unschedulable, 0/1 nodes: no GPU"
    assert ("Unschedulable", True) in [(each.reason, each.warning) for each in first.tellings]
    again = reconcile(view(queued=5, executors=(waiting,), troubles=lacking, status=first.status), NOW + 1)
    assert (again.status, again.tellings) == (None, ())


def test_a_spare_instance_that_cannot_start_leaves_the_others_serving() -> None:
    partly = Executor(name="one", replicas=3, ready=1, releases=frozenset({OLD}))
    lacking = (Trouble("VolumePending", "no class"),)
    actions = reconcile(view(queued=5, executors=(partly,), troubles=lacking), NOW)
    assert actions.status is not None
    ready = actions.status["conditions"][0]
    assert (ready["status"], ready["reason"]) == ("True", "Serving")
    assert "VolumePending" in ready["message"]


def test_what_another_scaler_has_is_left_alone() -> None:
    theirs = Executor(name="one", replicas=1, ready=1, releases=frozenset({OLD}), scaled=False)
    assert reconcile(view(queued=5, executors=(theirs,)), NOW).scale == {}


def test_an_unheard_gateway_is_told_as_a_condition_and_changes_nothing() -> None:
    actions = reconcile(view(replicas=2, demand=None), NOW)
    assert actions.scale == {}
    assert actions.status is not None
    assert actions.status["conditions"][1]["status"] == "False"


def test_a_spent_budget_is_in_the_status_and_stops_instances() -> None:
    ledger = Ledger(name="studio", limit=100, spent=100, period_end=NOW + 60)
    actions = reconcile(view(replicas=2, ledgers=((ledger, Rule(alerts=(), exceeded="scale-to-zero")),)), NOW)
    assert actions.scale == {"one": 0}
    assert actions.status is not None
    assert actions.status["budget"] == {"exceeded": True, "until": "2023-11-14T22:14:20Z"}


def test_executors_share_by_what_their_releases_get() -> None:
    both = tuple(
        Executor(name=name, replicas=0, ready=0, releases=frozenset({digest}))
        for name, digest in (("a", OLD), ("b", NEW))
    )
    split = view(queued=8, executors=both, traffic="{2.0.0: 75%, 2.1.0: 25%}")
    assert reconcile(split, NOW).scale == {"a": 3, "b": 1}


@given(st.integers(0, 40), st.dictionaries(st.sampled_from("abcd"), st.floats(0, 100), min_size=1))
def test_shares_add_up_and_who_gets_no_runs_gets_none(total: int, weights: Mapping[str, float]) -> None:
    given_ = spread(total, weights)
    assert sum(given_.values()) == total
    assert all(given_[name] == 0 for name, weight in weights.items() if not weight and any(weights.values()))
    taking = [name for name, weight in weights.items() if weight]
    assert total < len(taking) or all(given_[name] >= 1 for name in taking)


def test_annotations_name_releases() -> None:
    assert releases_of({"flowscale.ai/releases": f"2.0.0={OLD},2.1.0={NEW}"}) == {OLD, NEW}
    assert releases_of(None) == set()


def test_tellings_of_the_gateway_are_read() -> None:
    told = demand(
        queued=2, running=1, oldest_queued_at=5_000_000, arrivals=9, releases={OLD: release(8, 2, 3.0)}
    )
    assert (told.load.queued, told.load.running, told.load.oldest_queued_at) == (2, 1, 5.0)
    assert (told.load.service, told.load.latency_p95, told.arrivals) == (3.0, 3.0, 9)
    assert (told.totals[OLD].runs, told.totals[OLD].failures, told.latency[OLD]) == (10, 2, (3.0, 3.0))
    entry = {
        "name": "b",
        "limit": 9,
        "spent": 1,
        "reserved": 2,
        "period_start": 1_000_000,
        "period_end": None,
    }
    assert read_ledgers({"budgets": [entry]})["b"] == Ledger(
        name="b", limit=9, spent=1, reserved=2, period_start=1.0
    )


@pytest.mark.parametrize(
    ("spent", "reasons"), [(10, []), (50, ["BudgetAlert"]), (100, ["BudgetAlert", "BudgetExceeded"])]
)
def test_budgets_tell_what_is_new(spent: int, reasons: list[str]) -> None:
    project = resolve(
        parse(SPEC.format(traffic="2.0.0", scaling="{}", rollout="null").encode(), Path("f.yaml"))
    )
    ledger = Ledger(name="studio", limit=100, spent=spent)
    actions = budgets.look(project.budgets["studio"], ledger, {})
    assert [each.reason for each in actions.tellings] == reasons
    undelivered = budgets.status_after(actions, ledger, {}, 1, delivered=False)
    assert undelivered["alerts"] == []
    after = budgets.status_after(actions, ledger, {}, 1, delivered=True)
    assert budgets.look(project.budgets["studio"], ledger, after).tellings == ()


def test_traffic_is_counted_in_quarters_of_an_hour() -> None:
    traffic = Traffic()
    for arrivals, minutes in ((100, 0), (103, 10), (110, 16), (112, 46), (1, 50)):
        traffic.observe(arrivals, minutes * 60.0)
    assert traffic.counts == [10, 2, 0]
    assert traffic.expected(3000.0, 120.0) is None


def gpus(name: str, priority: int) -> ResolvedDeployment:
    text = SPEC.format(traffic="2.0.0", scaling=f"{{max: 9, priority: {priority}}}", rollout="null")
    return resolve(
        parse(
            text.replace("name: portrait}", f"name: {name}}}")
            .encode()
            .replace(b"workflow: portrait", f"workflow: {name}".encode()),
            Path("f.yaml"),
        )
    ).deployments[name]


def test_gpus_go_to_the_higher_priority_where_there_are_few() -> None:
    node = SimpleNamespace(
        metadata=SimpleNamespace(labels={}),
        spec=SimpleNamespace(unschedulable=None),
        status=SimpleNamespace(allocatable={"nvidia.com/gpu": "3", "cpu": "8"}),
    )
    contention = Contention(fixed=True)
    assert contention.need(gpus("low", 0), 3, 0, [node]) == ["low"]
    assert contention.limits("low") == ()
    assert set(contention.need(gpus("high", 5), 2, 0, [node])) == {"high", "low"}
    (limit,) = contention.limits("low")
    assert isinstance(limit, Limit)
    assert (limit.instances, limit.reason) == (1, "NoGpus")
    contention.forget(["high"])
    assert contention.need(gpus("low", 0), 3, 1, [node]) == ["low"]
    node.spec.unschedulable = True
    assert node_of(node).devices == {}
    assert Contention(fixed=False).need(gpus("low", 0), 3, 0, [node]) == []
