"""Who gets GPUs where there aren't enough."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from flowscale_controllers.decisions.packing import Claim, Node, share

GPU = "nvidia.com/gpu"


def claim(deployment: str, needed: int, **fields: Any) -> Claim:
    usual: dict[str, Any] = {"priority": 0, "resource": GPU, "count": 1, "selector": (), "current": 0}
    return Claim(deployment=deployment, needed=needed, **{**usual, **fields})


def nodes(*devices: int, **labels: str) -> list[Node]:
    return [Node(labels=labels, devices={GPU: each}) for each in devices]


def test_everyone_gets_what_they_need_where_there_is_enough() -> None:
    assert share([claim("a", 2), claim("b", 3)], nodes(4, 4)) == {"a": 2, "b": 3}


def test_a_higher_priority_takes_from_a_lower_one() -> None:
    low, high = claim("low", 4, current=4), claim("high", 3, priority=10)
    assert share([low, high], nodes(2, 2)) == {"high": 3, "low": 1}


def test_equals_keep_what_they_have_once_everyone_has_a_first_instance() -> None:
    assert share([claim("a", 4, current=4), claim("b", 4)], nodes(4)) == {"a": 3, "b": 1}


def test_the_rest_goes_to_the_smallest_part_of_a_need() -> None:
    assert share([claim("a", 8), claim("b", 4)], nodes(6)) == {"a": 4, "b": 2}


def test_an_instance_of_four_devices_needs_them_on_one_node() -> None:
    assert share([claim("large", 1, count=4)], nodes(3, 3)) == {"large": 0}
    assert share([claim("large", 1, count=4)], nodes(3, 4)) == {"large": 1}


def test_small_instances_fill_nodes_that_are_nearly_full() -> None:
    small, large = claim("small", 2, priority=1), claim("large", 1, count=4)
    assert share([small, large], nodes(4, 2)) == {"small": 2, "large": 1}


def test_a_selector_leads_to_its_own_nodes() -> None:
    picky = claim("picky", 2, selector=(("gpu", "l4"),))
    assert share([picky], [*nodes(4), *nodes(1, gpu="l4")]) == {"picky": 1}


def test_who_takes_any_node_leaves_those_that_others_need() -> None:
    anywhere, picky = claim("anywhere", 1, priority=1), claim("picky", 1, selector=(("gpu", "l4"),))
    assert share([anywhere, picky], [*nodes(1, gpu="l4"), *nodes(1)]) == {"anywhere": 1, "picky": 1}


CLAIMS = st.lists(
    st.builds(
        claim,
        st.sampled_from("abcdef"),
        st.integers(0, 6),
        priority=st.integers(-1, 1),
        count=st.sampled_from([1, 2, 4]),
        current=st.integers(0, 6),
    ),
    unique_by=lambda each: each.deployment,
    max_size=6,
)


@given(CLAIMS, st.lists(st.integers(0, 8), max_size=6))
def test_nobody_gets_more_than_they_need_nor_all_more_than_there_is(
    claims: list[Claim], free: list[int]
) -> None:
    granted = share(claims, nodes(*free))
    assert all(0 <= granted[each.deployment] <= each.needed for each in claims)
    assert sum(granted[each.deployment] * each.count for each in claims) <= sum(free)


@given(CLAIMS, st.lists(st.integers(0, 8), max_size=6))
def test_lower_priorities_never_change_what_a_higher_one_gets(claims: list[Claim], free: list[int]) -> None:
    top = max((each.priority for each in claims), default=0)
    alone = share([each for each in claims if each.priority == top], nodes(*free))
    together = share(claims, nodes(*free))
    assert {name: together[name] for name in alone} == alone


@given(st.lists(st.integers(0, 6), min_size=1, max_size=6), st.integers(0, 20))
def test_no_device_stays_free_while_somebody_needs_one(needs: list[int], free: int) -> None:
    claims = [claim(str(number), need) for number, need in enumerate(needs)]
    assert Counter(share(claims, nodes(free))).total() == min(free, sum(needs))
