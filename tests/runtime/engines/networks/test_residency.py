"""Who stays in memory: what fits, and of the rest what was used last and is small."""

from hypothesis import given
from hypothesis import strategies as st

from flowscale_runtime.engines.networks.residency import Residency, Resident, evictions

RESIDENTS = st.lists(
    st.builds(Resident, st.uuids().map(str), st.integers(1, 1000), st.floats(0, 100)), max_size=8
)


@given(RESIDENTS, st.integers(0, 1500), st.integers(0, 4000))
def test_what_stays_fits_or_nothing_stays(held, needed, budget):
    gone = evictions(held, needed, budget, now=100)
    stays = [one for one in held if one.key not in gone]
    assert len(set(gone)) == len(gone)
    assert not stays or sum(one.size for one in stays) + needed <= budget


@given(RESIDENTS, st.integers(0, 1500), st.integers(0, 4000))
def test_nobody_leaves_without_need(held, needed, budget):
    gone = evictions(held, needed, budget, now=100)
    if gone:
        last = next(one for one in held if one.key == gone[-1])
        before = [one for one in held if one.key not in gone] + [last]
        assert sum(one.size for one in before) + needed > budget


def test_what_is_large_and_long_unused_goes_first():
    held = [Resident("old small", 1, 0), Resident("old large", 50, 0), Resident("new large", 50, 9)]
    assert evictions(held, 10, 101, now=10) == ["old large"]


def test_something_is_loaded_once_and_again_after_it_was_evicted():
    time, loaded, gone = iter(range(100)), [], []
    residency = Residency(10, lambda: next(time), lambda: gone.append(True))
    for key, size in (("a", 6), ("a", 6), ("b", 4), ("c", 8), ("a", 6)):
        assert residency.get(key, size, lambda key=key: loaded.append(key) or key) == key
    assert loaded == ["a", "b", "c", "a"]
    assert residency.keys == ("a",)
    assert len(gone) == 2


def test_without_a_budget_everything_stays():
    residency = Residency(None, lambda: 0.0)
    for key in "abc":
        residency.get(key, 1 << 40, lambda key=key: key)
    assert set(residency.keys) == set("abc")
