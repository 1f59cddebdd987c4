"""Whose turn it is: priorities, fairness and favourites, as properties of plain values."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from flowscale_runtime.stores.turns import (
    PATIENCE,
    REACH,
    STRIDE,
    Waiting,
    draw,
    favourite,
    next_turn,
    retry_delay,
)
from flowscale_runtime.stores.values import SECOND


def waiting(number, **changes):
    values = {
        "environment": "env",
        "deployment": "a",
        "priority": 0,
        "turn": 0,
        "number": number,
        "release": "r",
        "created_at": 0,
    }
    return Waiting(**(values | changes))


def served(arrivals, weights, claims):
    """The flows that are served, in order, when all of `arrivals` came before the first claim."""
    queue = []
    for number, flow in enumerate(arrivals):
        own = [turn for turn, _, other in queue if other == flow]
        turn = next_turn(
            min((turn for turn, *_ in queue), default=None), max(own, default=None), weights[flow]
        )
        queue.append((turn, number, flow))
    return [flow for *_, flow in sorted(queue)][:claims]


@given(st.lists(st.sampled_from("abc"), max_size=60))
def test_flows_that_wait_together_are_served_in_turns(arrivals):
    count = Counter(arrivals)
    order = served(arrivals, dict.fromkeys("abc", 1), len(arrivals))
    assert Counter(order) == count
    rounds = min(count.values(), default=0)
    shared = order[: rounds * len(count)]
    assert all(Counter(shared)[flow] == rounds for flow in count)


@given(st.integers(1, 8))
def test_a_flow_of_more_weight_is_served_as_much_more_often(weight):
    arrivals = ["heavy"] * 64 + ["light"] * 64
    order = served(arrivals, {"heavy": weight, "light": 1}, 4 * (weight + 1))
    assert abs(Counter(order)["heavy"] - 4 * weight) <= 1 + weight


@given(st.integers(0, 200))
def test_whoever_comes_with_one_run_waits_for_one_run_of_a_flood_at_most(flood):
    order = served(["flood"] * flood + ["guest"], {"flood": 1, "guest": 1}, flood + 1)
    assert order.index("guest") <= 1


@given(
    st.one_of(st.none(), st.integers(0, 10**12)),
    st.one_of(st.none(), st.integers(0, 10**12)),
    st.integers(-3, 100),
)
def test_a_new_run_never_goes_before_the_queue_nor_before_its_own_flow(head, last, weight):
    turn = next_turn(head, last, weight)
    assert turn >= (head or 0)
    assert last is None or turn > last
    assert turn <= max(head or 0, (last or 0) + STRIDE)


RUNS = st.lists(
    st.builds(
        waiting,
        st.integers(0, 10**6),
        environment=st.sampled_from(["x", "y"]),
        deployment=st.sampled_from(["a", "b", "c"]),
        priority=st.integers(-2, 2),
        turn=st.integers(0, 5),
    ),
    max_size=40,
    unique_by=lambda run: run.number,
)


@given(
    RUNS,
    st.dictionaries(st.sampled_from(["x", "y"]), st.integers(0, 5)),
    st.dictionaries(st.sampled_from(["a", "b"]), st.integers(-1, 4)),
    st.integers(0, 8),
)
def test_no_more_is_drawn_than_there_is_room_for_and_nothing_that_fits_is_left(runs, free, rooms, total):
    drawn = draw(runs, free, rooms, total)
    there = Counter(run.lane for run in runs)
    environments, deployments = Counter(), Counter()
    for (environment, deployment), count in drawn.items():
        assert count <= there[environment, deployment]
        environments[environment] += count
        deployments[deployment] += count
    assert drawn.total() <= total
    assert all(environments[name] <= count for name, count in free.items())
    assert all(deployments[name] <= max(room, 0) for name, room in rooms.items())
    if drawn.total() < total:
        for run in runs:
            if drawn[run.lane] < there[run.lane]:
                full = environments[run.environment] >= free.get(run.environment, 0)
                assert full or deployments[run.deployment] >= rooms.get(run.deployment, 10**9)


@given(RUNS, st.integers(1, 8))
def test_what_is_drawn_ranks_before_what_is_left(runs, total):
    drawn = draw(runs, {"x": 99, "y": 99}, {}, total)
    ranked = sorted(runs, key=lambda run: run.rank)
    assert drawn == Counter(run.lane for run in ranked[:total])


def test_a_loaded_release_goes_first_within_reach_priority_and_patience():
    lane = [waiting(number, release="warm" if number == 5 else "cold") for number in range(8)]
    assert favourite(lane, {"warm"}, 0) == lane[5]
    assert favourite(lane, {"cold"}, 0) is None
    assert favourite(lane, {"other"}, 0) is None
    assert favourite(lane, {"warm"}, PATIENCE + 1) is None
    assert favourite([waiting(0, priority=1, release="cold"), *lane[1:]], {"warm"}, 0) is None
    far = [waiting(number, release="warm" if number == REACH else "cold") for number in range(REACH + 1)]
    assert favourite(far, {"warm"}, 0) is None
    assert favourite([], {"warm"}, 0) is None


def test_a_retry_waits_longer_each_time_and_five_minutes_at_most():
    assert [retry_delay(attempt) // SECOND for attempt in (1, 2, 3, 4, 50)] == [0, 5, 10, 20, 300]
