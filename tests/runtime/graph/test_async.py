"""Async nodes: side by side, while others go on."""

from __future__ import annotations

import asyncio

from flowscale_runtime.graph import current
from flowscale_runtime.graph.testing import api, node_class


class Meeting:
    """Nodes that meet: each waits until `count` of them are there, so they can't run one after the other."""

    def __init__(self, count):
        self.there = 0
        self.count = count

    async def __call__(self, value=0):
        self.there += 1
        while self.there < self.count:
            await asyncio.sleep(0)
        return (value,)

    def node(self):
        async def meet(value=0):
            return await self(value)

        return node_class(meet, optional={"value": ("INT",)}, returns=("INT",))


def test_async_nodes_run_side_by_side(make_bench):
    bench = make_bench({"Meet": Meeting(2).node()})
    graph = {
        "1": api("Meet", value=1),
        "2": api("Meet", value=2),
        "3": api("Add", a=["1", 0], b=["2", 0]),
        "4": api("Show", value=["3", 0]),
    }
    assert bench.shown(graph) == [3]


def test_calls_over_a_list_run_side_by_side(make_bench):
    bench = make_bench({"Meet": Meeting(3).node()})
    graph = {
        "1": api("Many", count=3),
        "2": api("Meet", value=["1", 0]),
        "3": api("Show", value=["2", 0]),
    }
    assert bench.shown(graph) == [0, 1, 2]


def test_plain_nodes_go_on_while_async_ones_wait(make_bench):
    gate = []

    async def wait():
        while not gate:
            await asyncio.sleep(0)
        return (1,)

    bench = make_bench({
        "Wait": node_class(wait, returns=("INT",)),
        "Open": node_class(lambda value: gate.append(1) or (value,), required={"value": ("INT",)}, returns=("INT",)),
    })  # fmt: skip
    graph = {
        "1": api("Wait"),
        "2": api("Open", value=1),
        "3": api("Add", a=["1", 0], b=["2", 0]),
        "4": api("Show", value=["3", 0]),
    }
    assert bench.shown(graph) == [2]


def test_each_async_node_knows_itself(make_bench):
    async def who(n):
        for _ in range(3):
            await asyncio.sleep(0)
        current().progress(n, 10)
        return (current().node_id,)

    bench = make_bench({"Who": node_class(who, required={"n": ("INT",)}, returns=("STRING",))})
    graph = {str(n): api("Who", n=n) for n in range(4)} | {
        f"s{n}": api("Show", value=[str(n), 0]) for n in range(4)
    }
    outcome = bench.run(graph)
    assert {node: ui["value"] for node, ui in outcome.ui.items()} == {f"s{n}": [str(n)] for n in range(4)}
    assert sorted(bench.heard.named("node_progress")) == [(str(n), n, 10) for n in range(4)]


def test_a_failure_cancels_the_others(make_bench):
    fate = []

    async def forever():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            fate.append("cancelled")
            raise

    async def burst():
        await asyncio.sleep(0)
        raise ValueError("no")

    bench = make_bench({
        "Forever": node_class(forever, returns=("INT",)), "Burst": node_class(burst, returns=("INT",)),
    })  # fmt: skip
    outcome = bench.run({
        "1": api("Forever"), "2": api("Burst"), "3": api("Add", a=["1", 0], b=["2", 0]),
        "4": api("Show", value=["3", 0]),
    })  # fmt: skip
    assert (outcome.status, outcome.error.node_id) == ("failed", "2")
    assert fate == ["cancelled"]


def test_one_failing_element_fails_the_node(make_bench):
    async def picky(n):
        await asyncio.sleep(0)
        if n == 1:
            raise ValueError("one")
        return (n,)

    bench = make_bench({"Picky": node_class(picky, required={"n": ("INT",)}, returns=("INT",))})
    graph = {"1": api("Many", count=3), "2": api("Picky", n=["1", 0]), "3": api("Show", value=["2", 0])}
    assert bench.run(graph).error.message == "one"


def test_async_nodes_may_expand(make_bench):
    async def outer():
        await asyncio.sleep(0)
        return {"result": (["x", 0],), "expand": {"x": {"class_type": "Number", "inputs": {"value": 6}}}}

    bench = make_bench({"Outer": node_class(outer, returns=("INT",))})
    assert bench.shown({"1": api("Outer"), "2": api("Show", value=["1", 0])}) == [6]


def test_a_plain_function_may_return_a_coroutine(make_bench):
    async def later():
        return (5,)

    bench = make_bench({"Later": node_class(lambda: later(), returns=("INT",))})
    assert bench.shown({"1": api("Later"), "2": api("Show", value=["1", 0])}) == [5]
