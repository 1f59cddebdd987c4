"""Any graph without cycles: order, counts and cached reruns."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from flowscale_runtime.graph import Executor, NoCache
from flowscale_runtime.graph.testing import RecordingListener, api, node_class

# `own` differs in every node, so that no two are the same.
NODE = node_class(
    lambda own, **inputs: ((own, sum(value[1] for value in inputs.values()) + 1),),
    required={"own": ("INT",)},
    returns=("*",),
)
SHOW = node_class(lambda value: {"ui": {"value": [value]}}, required={"value": ("*",)}, OUTPUT_NODE=True)
CLASSES = {"Node": NODE, "Show": SHOW}


@st.composite
def graphs(draw):
    """A graph of up to 12 nodes with up to 3 sources each, in any order, all of them shown."""
    count = draw(st.integers(1, 12))
    sources = [draw(st.lists(st.integers(0, n - 1), max_size=3)) if n else [] for n in range(count)]
    nodes = {
        str(n): api("Node", own=n, **{f"in{i}": [str(source), 0] for i, source in enumerate(sources[n])})
        for n in range(count)
    }
    shows = {f"s{n}": api("Show", value=[str(n), 0]) for n in range(count)}
    order = draw(st.permutations([*nodes, *shows]))
    return {node_id: (nodes | shows)[node_id] for node_id in order}


def sources_of(graph, node_id):
    return {value[0] for value in graph[node_id]["inputs"].values() if isinstance(value, list)}


def descendants(graph, node_id):
    found, size = {node_id}, 0
    while size < len(found):
        size = len(found)
        found |= {other for other in graph if sources_of(graph, other) & found}
    return found


def run(executor, graph, **options):
    heard = RecordingListener()
    outcome = executor.run(graph, listener=heard, **options)
    assert outcome.status == "completed", outcome.error
    return heard, outcome


@given(graphs())
def test_each_node_runs_once_and_after_its_sources(graph):
    heard, _ = run(Executor(CLASSES), graph)
    assert sorted(heard.ran) == sorted(graph)
    for index, node_id in enumerate(heard.ran):
        assert sources_of(graph, node_id) <= set(heard.ran[:index])


@given(graphs())
def test_a_rerun_runs_nothing_and_shows_the_same(graph):
    executor = Executor(CLASSES)
    _, first = run(executor, graph)
    heard, second = run(executor, graph)
    assert heard.ran == []
    assert second.ui == first.ui


@given(graphs(), st.data())
def test_a_changed_literal_runs_exactly_the_descendants(graph, data):
    executor = Executor(CLASSES)
    run(executor, graph)
    changed = data.draw(st.sampled_from([node_id for node_id in graph if not node_id.startswith("s")]))
    graph[changed]["inputs"]["own"] += 1000
    heard, _ = run(executor, graph)
    assert set(heard.ran) == descendants(graph, changed)


@given(graphs(), st.randoms())
def test_a_renumbered_graph_is_known(graph, random):
    executor = Executor(CLASSES)
    run(executor, graph)
    ids = list(graph)
    names = dict(zip(ids, random.sample(range(1000), len(ids)), strict=True))
    renamed = {
        f"r{names[node_id]}": api(
            node["class_type"],
            **{
                key: [f"r{names[value[0]]}", value[1]] if isinstance(value, list) else value
                for key, value in node["inputs"].items()
            },
        )
        for node_id, node in graph.items()
    }
    assert run(executor, renamed)[0].ran == []


@given(graphs(), st.data())
def test_a_target_runs_exactly_what_it_needs(graph, data):
    target = data.draw(st.sampled_from([node_id for node_id in graph if node_id.startswith("s")]))
    heard, outcome = run(Executor(CLASSES), graph, targets=[target])
    assert set(outcome.ui) == {target}
    assert all(target in descendants(graph, node_id) for node_id in heard.ran)
    assert set(heard.ran) == {node_id for node_id in graph if target in descendants(graph, node_id)}


@given(graphs())
@settings(max_examples=50)
def test_caching_does_not_change_what_is_shown(graph):
    assert run(Executor(CLASSES, NoCache()), graph)[1].ui == run(Executor(CLASSES), graph)[1].ui
