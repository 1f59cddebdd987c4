"""How many instances: examples of each mode and trigger, and what holds whatever happens."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowscale_controllers.decisions.scaling import decide
from flowscale_controllers.decisions.values import Fleet, Limit, Load, Observed, Past, Policy
from flowscale_specs import ResolvedScaling, ResolvedWindow

Build = Callable[..., Any]
NOW = 1_000_000.0
MONDAY_NINE = 1_714_986_000.0  # 2024-05-06 09:00 UTC


@pytest.mark.parametrize(
    ("spec", "seen", "replicas", "reason"),
    [
        pytest.param({}, {}, 0, "Minimum", id="nothing to do is nothing to run"),
        pytest.param({}, {"queued": 1}, 1, "Work", id="one waiting run starts an instance"),
        pytest.param({}, {"queued": 9}, 3, "QueueDepth", id="queue depth divides the queue"),
        pytest.param({}, {"queued": 900}, 8, "Maximum", id="max holds"),
        pytest.param({}, {"running": 3, "replicas": 3}, 3, "Work", id="running runs keep their instances"),
        pytest.param({"min": 2}, {}, 2, "Minimum", id="min stands"),
        pytest.param({"warm": 1}, {}, 1, "Minimum", id="the reserve stands without work"),
        pytest.param(
            {"warm": 2}, {"running": 3, "replicas": 3}, 5, "Work", id="the reserve comes on top of work"
        ),
        pytest.param(
            {"latency": 20.0, "queue_depth": 50},
            {"queued": 10, "service": 6.0},
            3,
            "ResponseTime",
            id="ten runs of 6 s are answered in 20 s by three",
        ),
        pytest.param(
            {"latency": 5.0, "queue_depth": 50},
            {"queued": 3, "service": 6.0},
            3,
            "ResponseTime",
            id="where one run takes longer than the target none waits",
        ),
        pytest.param({"cost": 1_000_000}, {"queued": 90}, 2, "Cost", id="cost is a bound"),
        pytest.param({"cost": 100_000}, {"queued": 90}, 0, "Cost", id="a cost that pays for none is zero"),
        pytest.param(
            {"predictive": True},
            {"expected": 0.1, "service": 20.0},
            3,
            "Forecast",
            id="expected runs at 80 % busy",
        ),
        pytest.param(
            {}, {"expected": 0.1, "service": 20.0}, 0, "Minimum", id="forecasts count only where wanted"
        ),
        pytest.param({"mode": "fixed", "min": 3, "max": 3}, {}, 3, "Fixed", id="fixed is fixed"),
        pytest.param({"mode": "batch"}, {"queued": 3}, 1, "Work", id="a short queue is no batch"),
        pytest.param({"mode": "batch"}, {"queued": 6}, 6, "Batch", id="a long queue is worked off by all"),
        pytest.param(
            {"mode": "on-demand"}, {"queued": 2, "running": 1}, 3, "OnDemand", id="each use has an instance"
        ),
    ],
)
def test_what_is_needed(
    policy: Build, observed: Build, spec: dict[str, Any], seen: dict[str, Any], replicas: int, reason: str
) -> None:
    wanted = decide(observed(**seen), policy(**spec), NOW)
    assert (wanted.replicas, wanted.reason) == (replicas, reason)


def test_answers_that_were_too_slow_bring_one_more_and_then_time_to_see(
    policy: Build, observed: Build
) -> None:
    slow = {"queued": 2, "replicas": 2, "latency_p95": 30.0, "service": 1.0}
    first = decide(observed(**slow), policy(latency=20.0), NOW)
    assert (first.replicas, first.past.grew_at) == (3, NOW)
    again = observed(**{**slow, "replicas": 3}, past=first.past)
    assert decide(again, policy(latency=20.0), NOW + 10).replicas == 3
    assert decide(again, policy(latency=20.0), NOW + 60).replicas == 4


def test_an_instance_without_work_stays_for_the_idle_timeout(policy: Build, observed: Build) -> None:
    first = decide(observed(replicas=2), policy(), NOW)
    assert (first.replicas, first.reason, first.again_at) == (2, "Waiting", NOW + 300)
    later = observed(replicas=2, past=first.past)
    assert decide(later, policy(), NOW + 299).replicas == 2
    assert decide(later, policy(), NOW + 300).replicas == 0


def test_it_shrinks_to_the_most_that_was_needed_meanwhile(policy: Build, observed: Build) -> None:
    first = decide(observed(replicas=5), policy(), NOW)
    burst = decide(observed(replicas=5, running=3, past=first.past), policy(), NOW + 200)
    assert (burst.replicas, burst.past.surplus_peak) == (5, 3)
    assert decide(observed(replicas=5, past=burst.past), policy(), NOW + 300).replicas == 3


def test_nothing_shrinks_within_the_cooldown(policy: Build, observed: Build) -> None:
    grown = Past(grew_at=NOW)
    spec = policy(idle_timeout=0.0, cooldown=60.0)
    assert decide(observed(replicas=2, past=grown), spec, NOW + 59).replicas == 2
    assert decide(observed(replicas=2, past=grown), spec, NOW + 60).replicas == 0


def test_on_demand_ends_with_its_use(policy: Build, observed: Build) -> None:
    assert (
        decide(observed(replicas=3, past=Past(grew_at=NOW)), policy(mode="on-demand"), NOW + 1).replicas == 0
    )


def test_a_batch_is_worked_off_to_its_last_run(policy: Build, observed: Build) -> None:
    spec = policy(mode="batch", max=4)
    first = decide(observed(queued=40), spec, NOW)
    last = decide(observed(queued=1, running=4, replicas=4, past=first.past), spec, NOW + 60)
    assert (first.replicas, last.replicas) == (4, 4)
    assert (
        decide(observed(queued=0, running=1, replicas=4, past=last.past), spec, NOW + 61).past.filling
        is False
    )


def test_windows_open_and_close(policy: Build, observed: Build) -> None:
    office = ResolvedWindow(cron="0 8 * * mon-fri", duration=36000, time_zone="UTC", min=2)
    spec = policy(schedule=(office,))
    nine = decide(observed(), spec, MONDAY_NINE)
    assert (nine.replicas, nine.reason, nine.again_at) == (2, "Schedule", MONDAY_NINE + 9 * 3600)
    night = decide(observed(), spec, MONDAY_NINE + 12 * 3600)
    assert (night.replicas, night.again_at) == (0, MONDAY_NINE + 23 * 3600)


def test_without_news_nothing_changes_but_by_bounds(policy: Build) -> None:
    unheard = Observed(load=None, fleet=Fleet(replicas=3, ready=3), past=Past(grew_at=1.0))
    assert decide(unheard, policy(), NOW).replicas == 3
    assert decide(unheard, policy(), NOW).past == unheard.past
    shut = replace(unheard, limits=(Limit(instances=0, reason="BudgetExceeded", message="spent"),))
    assert decide(shut, policy(), NOW).reason == "BudgetExceeded"
    assert decide(shut, policy(), NOW).replicas == 0


LOADS = st.builds(
    Load,
    queued=st.integers(0, 60),
    running=st.integers(0, 12),
    service=st.none() | st.floats(0.1, 900),
    latency_p95=st.none() | st.floats(0.1, 2000),
)
SCALINGS = st.builds(
    ResolvedScaling,
    mode=st.sampled_from(["auto", "batch", "on-demand"]),
    min=st.integers(0, 3),
    max=st.integers(3, 12),
    warm=st.integers(0, 3),
    queue_depth=st.integers(1, 8),
    latency=st.none() | st.floats(1, 100),
    cost=st.none() | st.integers(0, 10_000_000),
    predictive=st.booleans(),
    idle_timeout=st.floats(0, 600),
    cooldown=st.floats(0, 300),
)
LIMITS = st.lists(
    st.builds(Limit, instances=st.integers(0, 15), reason=st.just("Budget"), message=st.just("a bound")),
    max_size=2,
).map(tuple)
PASTS = st.builds(
    Past,
    grew_at=st.none() | st.floats(NOW - 900, NOW),
    surplus_since=st.none() | st.floats(NOW - 900, NOW),
    surplus_peak=st.integers(0, 12),
    filling=st.booleans(),
)
SEEN = st.builds(
    Observed,
    load=st.none() | LOADS,
    fleet=st.builds(Fleet, replicas=st.integers(0, 15), ready=st.integers(0, 15)),
    past=PASTS,
    expected=st.none() | st.floats(0, 5),
    limits=LIMITS,
)


def bound(seen: Observed, policy: Policy) -> int:
    """The least of all bounds, reckoned here anew."""
    cost = policy.scaling.cost
    paid = cost // policy.price if cost is not None and policy.price else policy.scaling.max
    return min([policy.scaling.max, paid, *(limit.instances for limit in seen.limits)])


@given(SEEN, SCALINGS, st.sampled_from([0, 300_000, 4_000_000]))
def test_no_bound_is_ever_passed(seen: Observed, scaling: ResolvedScaling, price: int) -> None:
    policy = Policy(scaling=scaling, price=price)
    assert 0 <= decide(seen, policy, NOW).replicas <= bound(seen, policy)


@given(SEEN, SCALINGS)
def test_it_is_never_zero_with_work_waiting_unless_a_bound_is(
    seen: Observed, scaling: ResolvedScaling
) -> None:
    policy = Policy(scaling=scaling, price=500_000)
    if seen.load is not None and seen.load.queued and bound(seen, policy):
        assert decide(seen, policy, NOW).replicas > 0


@given(SEEN, SCALINGS, st.integers(1, 40))
def test_more_in_the_queue_never_means_fewer_instances(
    seen: Observed, scaling: ResolvedScaling, more: int
) -> None:
    if seen.load is None:
        return
    policy = Policy(scaling=scaling, price=500_000)
    longer = replace(seen, load=replace(seen.load, queued=seen.load.queued + more))
    assert decide(longer, policy, NOW).replicas >= decide(seen, policy, NOW).replicas


@given(SEEN, SCALINGS)
def test_a_higher_max_never_means_fewer_instances(seen: Observed, scaling: ResolvedScaling) -> None:
    policy, wider = (Policy(scaling=s, price=0) for s in (scaling, replace(scaling, max=scaling.max + 3)))
    assert decide(seen, wider, NOW).replicas >= decide(seen, policy, NOW).replicas


@given(SEEN, SCALINGS)
def test_deciding_again_at_once_changes_nothing(seen: Observed, scaling: ResolvedScaling) -> None:
    """A decision that was carried out is its own answer, but for the step that slow answers bring at no cooldown."""
    policy = Policy(scaling=replace(scaling, latency=None), price=500_000)
    first = decide(seen, policy, NOW)
    done = replace(seen, fleet=Fleet(replicas=first.replicas, ready=first.replicas), past=first.past)
    second = decide(done, policy, NOW)
    if policy.scaling.idle_timeout or policy.scaling.cooldown:
        assert second.replicas == first.replicas
    assert second.replicas <= first.replicas


@given(
    st.lists(st.tuples(st.floats(0.1, 120), st.integers(0, 60), st.integers(0, 8)), min_size=2, max_size=60),
    SCALINGS,
)
def test_it_never_flaps(steps: list[tuple[float, int, int]], scaling: ResolvedScaling) -> None:
    """Between a growth and a shrink lies the cooldown, between two shrinks the idle timeout, whatever traffic does."""
    policy = Policy(scaling=replace(scaling, mode="auto", cost=None), price=0)
    now, replicas, past = NOW, 0, Past()
    grew = shrank = None
    for wait, queued, running in steps:
        now += wait
        load = Load(queued=queued, running=running, service=10.0)
        seen = Observed(load=load, fleet=Fleet(replicas=replicas, ready=replicas), past=past)
        wanted = decide(seen, policy, now)
        if wanted.replicas < replicas:
            assert grew is None or now - grew >= scaling.cooldown
            assert shrank is None or now - shrank >= scaling.idle_timeout
            assert wanted.replicas >= min(replicas, running, scaling.max)
            shrank = now
        if wanted.replicas > replicas:
            grew = now
        replicas, past = wanted.replicas, wanted.past
