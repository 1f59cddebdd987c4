"""Interruption: between nodes, in progress, while waiting."""

from __future__ import annotations

import asyncio
import threading

import pytest

from flowscale_runtime.graph import Interrupt, Interrupted, current
from flowscale_runtime.graph.testing import RecordingListener, api, node_class


class Interrupting(RecordingListener):
    """Interrupts when a node starts."""

    def __init__(self, interrupt, node_id):
        super().__init__()
        self.interrupt = interrupt
        self.node_id = node_id

    def node_started(self, node_id):
        super().node_started(node_id)
        if node_id == self.node_id:
            self.interrupt.set()


CHAIN = {
    "1": api("Number", value=2),
    "2": api("Add", a=["1", 0], b=1),
    "3": api("Show", value=["2", 0]),
}


def test_the_next_node_does_not_start(bench):
    outcome = bench.run(CHAIN, listener=Interrupting(bench.interrupt, "2"))
    assert (outcome.status, outcome.interrupted_at) == ("interrupted", "2")
    assert bench.ran == ["1", "2"]


def test_what_was_done_before_stays_known(bench):
    bench.run(CHAIN, listener=Interrupting(bench.interrupt, "2"))
    bench.interrupt.clear()
    assert bench.shown(CHAIN) == [3]
    assert bench.ran == ["3"]


def test_progress_raises_in_a_working_node(make_bench):
    done = []

    def works():
        for step in range(10):
            current().progress(step, 10)
            done.append(step)
            if step == 3:
                bench.interrupt.set()
        return (1,)

    bench = make_bench({"Works": node_class(works, returns=("INT",))})
    outcome = bench.run({"1": api("Works"), "2": api("Show", value=["1", 0])})
    assert outcome.status == "interrupted"
    assert done == [0, 1, 2, 3]


def test_nodes_that_catch_every_exception_are_stopped_all_the_same(make_bench):
    def stubborn():
        bench.interrupt.set()
        try:
            current().check()
        except Exception:  # noqa: BLE001
            return (0,)
        return (1,)

    bench = make_bench({"Stubborn": node_class(stubborn, returns=("INT",))})
    outcome = bench.run({"1": api("Stubborn"), "2": api("Show", value=["1", 0])})
    assert (outcome.status, outcome.interrupted_at) == ("interrupted", "1")


def test_waiting_async_nodes_are_cancelled_at_once(make_bench):
    fate = []

    async def forever():
        threading.Timer(0.01, bench.interrupt.set).start()
        try:
            await asyncio.Event().wait()
        finally:
            fate.append("gone")

    bench = make_bench({"Forever": node_class(forever, returns=("INT",))})
    outcome = bench.run({"1": api("Forever"), "2": api("Show", value=["1", 0])})
    assert outcome.status == "interrupted"
    assert fate == ["gone"]


def test_an_interrupt_that_is_set_already_lets_nothing_run(bench):
    bench.interrupt.set()
    assert bench.run(CHAIN).status == "interrupted"
    assert bench.ran == []


def test_lists_are_interrupted_between_calls(make_bench):
    done = []

    def slow(n):
        done.append(n)
        bench.interrupt.set()
        return (n,)

    bench = make_bench({"Slow": node_class(slow, required={"n": ("INT",)}, returns=("INT",))})
    outcome = bench.run(
        {"1": api("Many", count=5), "2": api("Slow", n=["1", 0]), "3": api("Show", value=["2", 0])}
    )
    assert (outcome.status, done) == ("interrupted", [0])


def test_wakers_are_called_while_they_wait_and_not_after():
    interrupt, woken = Interrupt(), []
    with interrupt.waking(lambda: woken.append(1)):
        interrupt.set()
    interrupt.clear()
    interrupt.set()
    assert woken == [1]
    assert interrupt.is_set()


def test_interrupted_is_no_ordinary_exception():
    assert not issubclass(Interrupted, Exception)
    with pytest.raises(Interrupted):
        raise Interrupted
