"""The schedule: who is next."""

from __future__ import annotations

from flowscale_runtime.graph.topology import Schedule


def drain(schedule):
    order = []
    while (node_id := schedule.next()) is not None:
        order.append(node_id)
        schedule.done(node_id)
    return order


def schedule_of(edges, *, outputs=(), eager=()):
    schedule = Schedule()
    for node_id, sources in edges.items():
        schedule.add(node_id, sources, output=node_id in outputs, eager=node_id in eager)
    return schedule


def test_sources_come_before_consumers():
    assert drain(schedule_of({"c": ["b"], "b": ["a"], "a": []})) == ["a", "b", "c"]


def test_equal_nodes_come_in_the_order_of_their_coming():
    assert drain(schedule_of({"x": [], "a": [], "m": []})) == ["x", "a", "m"]


def test_outputs_and_async_nodes_come_first():
    assert drain(schedule_of({"a": [], "out": [], "later": []}, outputs={"out"}, eager={"later"})) == ["out", "later", "a"]  # fmt: skip


def test_feeders_of_outputs_come_before_feeders_of_feeders():
    edges = {
        "other": [],
        "grand": [],
        "feeder": [],
        "middle": ["grand"],
        "out2": ["middle"],
        "out1": ["feeder"],
    }
    order = drain(schedule_of(edges, outputs={"out1", "out2"}))
    assert order == ["feeder", "out1", "grand", "middle", "out2", "other"]


def test_a_node_can_wait_again_after_it_was_taken():
    schedule = schedule_of({"a": []})
    assert schedule.next() == "a"
    schedule.add("b", [])
    schedule.wait("a", ["b"])
    assert schedule.next() == "b"
    assert schedule.next() is None
    schedule.done("b")
    assert drain(schedule) == ["a"]
    assert len(schedule) == 0


def test_a_cycle_is_a_path_back_to_its_start():
    schedule = schedule_of({"a": ["b"], "b": ["c"], "c": ["a"], "end": ["a"]})
    assert schedule.next() is None
    path = schedule.cycle()
    assert path[0] == path[-1]
    assert sorted(path[1:]) == ["a", "b", "c"]
