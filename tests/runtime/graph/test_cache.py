"""Caches: what is known again in which mode."""

from __future__ import annotations

import pytest

from flowscale_runtime.graph import (
    ClassicCache,
    GraphBuilder,
    GraphError,
    LruCache,
    NoCache,
    PressureCache,
    Thresholds,
    cache_of,
)
from flowscale_runtime.graph.pressure import GIB
from flowscale_runtime.graph.results import NodeResult
from flowscale_runtime.graph.sizes import LEAST, size_of
from flowscale_runtime.graph.testing import api, node_class


def sums(*values):
    """One independent sum and output per value."""
    graph = {}
    for value in values:
        graph[f"n{value}"] = api("Add", a=value, b=0)
        graph[f"s{value}"] = api("Show", value=[f"n{value}", 0])
    return graph


def test_classic_keeps_what_the_last_graph_had(make_bench):
    bench = make_bench(cache=ClassicCache())
    bench.run(sums(1))
    bench.run(sums(2))
    bench.run(sums(1))
    assert bench.ran == ["n1", "s1"]


def test_classic_keeps_branches_that_are_not_targets(make_bench):
    bench = make_bench(cache=ClassicCache())
    bench.run(sums(1, 2))
    bench.run(sums(1, 2), targets=["s1"])
    bench.run(sums(1, 2))
    assert bench.ran == []


def test_classic_drops_as_the_next_run_begins():
    cache = ClassicCache()
    cache.begin({"1": b"a", "2": b"b"})
    cache.put(b"a", NodeResult([]))
    cache.put(b"b", NodeResult([]))
    cache.begin({"1": b"a"})
    assert cache.get(b"a")
    assert cache.get(b"b") is None


def test_classic_drops_children_that_their_node_no_longer_makes(make_bench):
    def outer(n):
        builder = GraphBuilder()
        return {"result": (builder.node("Number", value=n).out(0),), "expand": builder.finalize()}

    cache = ClassicCache()
    bench = make_bench({"Outer": node_class(outer, required={"n": ("INT",)}, returns=("INT",))}, cache)
    for n in range(20):
        bench.run({"1": api("Outer", n=n), "2": api("Show", value=["1", 0])})
    assert len(cache._results) <= 6


def test_lru_keeps_results_across_graphs(make_bench):
    bench = make_bench(cache=LruCache(4))
    bench.run(sums(1))
    bench.run(sums(2))
    bench.run(sums(1))
    assert bench.ran == []


def test_lru_drops_the_longest_unused(make_bench):
    bench = make_bench(cache=LruCache(4))
    for value in (1, 2, 1, 3):
        bench.run(sums(value))
    bench.run(sums(1))
    assert bench.ran == []
    bench.run(sums(2))
    assert bench.ran == ["n2", "s2"]


def test_lru_never_drops_what_the_last_run_used(make_bench):
    bench = make_bench(cache=LruCache(1))
    bench.run(sums(1, 2, 3))
    bench.run(sums(1, 2, 3))
    assert bench.ran == []


def test_none_keeps_nothing_but_values_reach_their_consumers(make_bench):
    bench = make_bench(cache=NoCache())
    graph = {
        "1": api("Number", value=2),
        "2": api("Add", a=["1", 0], b=["1", 0]),
        "3": api("Add", a=["2", 0], b=["1", 0]),
        "4": api("Show", value=["3", 0]),
    }
    assert bench.shown(graph) == [6]
    assert bench.shown(graph) == [6]
    assert bench.ran == ["1", "2", "3", "4"]


def test_none_lets_go_of_values_after_their_last_consumer(make_bench):
    alive = []

    class Thing:
        def __init__(self):
            alive.append(self)

        def __del__(self):
            alive_at_end.append("gone")

    alive_at_end = []

    def make():
        thing = Thing()
        alive.clear()
        return (thing,)

    seen = []
    bench = make_bench(
        {
            "Make": node_class(make, returns=("*",)),
            "Use": node_class(lambda thing: (1,), required={"thing": ("*",)}, returns=("INT",)),
            "Look": node_class(
                lambda n: seen.append(list(alive_at_end)) or (n,), required={"n": ("INT",)}, returns=("INT",)
            ),
        },
        NoCache(),
    )
    bench.shown({
        "1": api("Make"), "2": api("Use", thing=["1", 0]), "3": api("Look", n=["2", 0]),
        "4": api("Show", value=["3", 0]),
    })  # fmt: skip
    assert seen == [["gone"]]


@pytest.mark.parametrize("cache", [ClassicCache, NoCache, lambda: LruCache(1)])
def test_volatile_values_are_computed_once_per_run(make_bench, cache):
    count = []
    bench = make_bench(
        {
            "Random": node_class(
                lambda: count.append(1) or (len(count),), returns=("INT",), IS_CHANGED=lambda: float("nan")
            )
        },
        cache(),
    )
    graph = {
        "1": api("Random"),
        "2": api("Add", a=["1", 0], b=["1", 0]),
        "3": api("Add", a=["1", 0], b=["2", 0]),
        "4": api("Show", value=["3", 0]),
    }
    assert bench.shown(graph) == [3]
    assert bench.shown(graph) == [6]


def test_equal_nodes_of_one_graph_compute_once(bench):
    graph = {
        "1": api("Add", a=1, b=2),
        "2": api("Add", a=1, b=2),
        "3": api("Add", a=["1", 0], b=["2", 0]),
        "4": api("Show", value=["3", 0]),
    }
    assert bench.shown(graph) == [6]
    assert len([node for node in bench.ran if node in {"1", "2"}]) == 1


class Memory:
    """Free memory that falls by what is put and rises by what a cache drops, on demand."""

    def __init__(self, free):
        self.free = free

    def __call__(self):
        return self.free


def block(size):
    return NodeResult([[bytes(size)]])


def pressure(free, **options):
    memory = Memory(free)
    return memory, PressureCache(
        memory, Thresholds(active=100_000, inactive=1_000_000), interval=0, **options
    )


def test_pressure_keeps_all_runs_while_memory_lasts():
    _, cache = pressure(2_000_000)
    for run in range(10):
        cache.begin({"1": bytes([run])})
        cache.put(bytes([run]), block(10_000))
    assert len(cache) == 10


def test_pressure_drops_large_and_old_results_of_earlier_runs_first():
    memory, cache = pressure(2_000_000)
    for name, size in ((b"old small", 5_000), (b"old large", 50_000), (b"new", 40_000)):
        cache.begin({"1": name})
        cache.put(name, block(size))
    memory.free = 960_000
    cache.begin({"1": b"now"})
    assert cache.get(b"old large") is None
    assert cache.get(b"old small")
    assert cache.get(b"new")


def test_age_outweighs_size_in_the_end():
    memory, cache = pressure(2_000_000)
    cache.begin({})
    cache.put(b"old", block(20_000))
    for _ in range(10):
        cache.begin({})
    cache.put(b"young", block(50_000))
    memory.free = 990_000
    cache.begin({})
    assert cache.get(b"old") is None
    assert cache.get(b"young")


def test_pressure_spares_the_running_graph_until_memory_is_very_short():
    memory, cache = pressure(500_000)
    cache.begin({"1": b"a"})
    cache.put(b"a", block(10_000))
    assert cache.get(b"a")
    memory.free = 95_000
    cache.put(b"b", block(2_000))
    assert cache.get(b"a") is None
    assert cache.get(b"b")


def test_pressure_does_not_change_results_of_the_running_run(make_bench):
    bench = make_bench(cache=PressureCache(lambda: 0, Thresholds.of(8 * GIB), interval=0))
    assert bench.shown({
        "1": api("Number", value=2), "2": api("Add", a=["1", 0], b=["1", 0]),
        "3": api("Add", a=["2", 0], b=["1", 0]), "4": api("Show", value=["3", 0]),
    }) == [6]  # fmt: skip
    assert bench.ran == ["1", "2", "3", "4"]


def test_memory_is_looked_at_once_per_interval():
    looks, now = [], [0.0]
    cache = PressureCache(
        lambda: looks.append(1) or 10 * GIB, Thresholds.of(8 * GIB), clock=lambda: now[0], interval=1
    )
    cache.begin({})
    for step in range(100):
        now[0] += 0.25
        cache.put(bytes([step]), block(1))
    assert len(looks) == 1 + 25


def test_thresholds_follow_the_machine_within_bounds():
    assert Thresholds.of(4 * GIB) == Thresholds(2 * GIB, 4 * GIB)
    assert Thresholds.of(50 * GIB) == Thresholds(5 * GIB, 10 * GIB)
    assert Thresholds.of(1000 * GIB) == Thresholds(10 * GIB, 32 * GIB)


class Tensor:
    def __init__(self, nbytes, device):
        self.nbytes = nbytes
        self.device = type("Device", (), {"type": device})()


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (1, LEAST),
        (b"x" * 5000, 5000),
        ([b"x" * 5000, {"samples": Tensor(7000, "cpu")}], 12_000),
        ([Tensor(7000, "cuda")], LEAST),
        ([[[b"x" * 5000]]], 5000),
    ],
)
def test_sizes_count_what_lies_in_main_memory(value, size):
    assert size_of(value) == size


def test_shared_values_count_once():
    one = b"x" * 5000
    assert size_of([one, one, {"again": one}]) == 5000


def test_circular_values_have_a_size():
    loop = [b"x" * 5000]
    loop.append(loop)
    assert size_of(loop) == 5000


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("classic", ClassicCache), ("none", NoCache), ("lru:5", LruCache), ("ram", PressureCache)],
)
def test_modes_have_names(mode, kind):
    assert isinstance(cache_of(mode, free_memory=lambda: GIB, total_memory=8 * GIB), kind)


@pytest.mark.parametrize("mode", ["", "lru", "lru:x", "classic:1", "ram", "redis"])
def test_unknown_modes_are_refused_with_the_known_ones(mode):
    with pytest.raises(GraphError) as refused:
        cache_of(mode)
    assert "lru:100" in refused.value.hint
