"""How long the executor takes for chains of trivial nodes, fresh and fully cached, and how that grows.

    python benchmarks/graph_chain.py                              # our executor
    python benchmarks/graph_chain.py --comfyui http://host:8188   # and the same chains on a running ComfyUI

Goals: under 50 µs a node for 10,000 nodes, under 20 ms for a cached re-run of 1,000, both linear. The peer is measured
over its protocol (POST /prompt to the end marker on its WebSocket), which is the only door that it has.
"""

from __future__ import annotations

import argparse
import json
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
from rich.console import Console
from rich.table import Table
from websockets.sync.client import connect

from flowscale_runtime.graph import Executor, validate
from flowscale_runtime.graph.testing import api, node_class

if TYPE_CHECKING:
    from collections.abc import Callable

Graph = dict[str, dict]
SIZES = (10, 100, 1000, 10_000)
PEER_SIZES = (10, 50, 100, 200, 400)
TEXT = ("STRING", {"multiline": True})

# The names are those of two nodes that ComfyUI comes with, so that both sides run the same graph.
CLASSES = {
    "StringConcatenate": node_class(
        lambda string_a, string_b, delimiter: (string_a[:8] + string_b,),
        required={"string_a": TEXT, "string_b": TEXT, "delimiter": TEXT},
        returns=("STRING",),
    ),
    "PreviewAny": node_class(
        lambda source: {"ui": {"text": (str(source),)}}, required={"source": ("*",)}, OUTPUT_NODE=True
    ),
}


@dataclass(frozen=True)
class Times:
    """Seconds for one graph: validation (where it can be seen), a fresh run, the same again."""

    nodes: int
    fresh: float
    cached: float
    validation: float | None = None


def chain(nodes: int, seed: str) -> Graph:
    """A chain of `nodes` nodes, the last one an output. Another seed makes every node another."""
    graph = {"0": api("StringConcatenate", string_a=seed, string_b="", delimiter="")}
    for index in range(1, nodes - 1):
        graph[str(index)] = api("StringConcatenate", string_a=[str(index - 1), 0], string_b="", delimiter="")
    graph[str(nodes - 1)] = api("PreviewAny", source=[str(nodes - 2), 0])
    return graph


def timed(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds that `work` takes."""
    started = clock()
    work()
    return clock() - started


def best(measure: Callable[[], Times], repeats: int) -> Times:
    """The quickest of several, each figure by itself: what disturbs only adds."""
    found = [measure() for _ in range(repeats)]
    checks = [one.validation for one in found if one.validation is not None]
    return Times(
        found[0].nodes,
        min(one.fresh for one in found),
        min(one.cached for one in found),
        min(checks, default=None),
    )


def measure_ours(nodes: int, clock: Callable[[], float] = time.perf_counter) -> Times:
    """One chain in an executor of its own."""
    graph, executor = chain(nodes, uuid.uuid4().hex), Executor(CLASSES)
    checked = timed(lambda: validate(graph, CLASSES), clock)
    fresh, cached = timed(lambda: executor.run(graph), clock), timed(lambda: executor.run(graph), clock)
    again = executor.run(graph)
    assert again.status == "completed"
    assert len(again.cached) == nodes
    return Times(nodes, fresh, cached, checked)


def measure_peer(url: str, nodes: int) -> Times:
    """One chain on a ComfyUI, twice."""
    graph = chain(nodes, uuid.uuid4().hex)
    client = uuid.uuid4().hex
    address = f"{url.replace('http', 'ws', 1)}/ws?clientId={client}"
    with httpx.Client(base_url=url, timeout=60) as http, connect(address, max_size=None) as socket:

        def run() -> None:
            answer = http.post("/prompt", json={"prompt": graph, "client_id": client}).raise_for_status()
            wait_for_end(socket, answer.json()["prompt_id"])

        return Times(nodes, timed(run), timed(run))


def wait_for_end(socket, prompt_id: str) -> None:
    """Until the end marker of a prompt; an error in it ends the benchmark."""
    while True:
        frame = socket.recv(timeout=600)
        if isinstance(frame, bytes):
            continue
        message = json.loads(frame)
        data = message.get("data", {})
        if message["type"] == "execution_error":
            raise SystemExit(f"the peer failed: {data.get('exception_message')}")
        if message["type"] == "executing" and data.get("node") is None and data.get("prompt_id") == prompt_id:
            return


def table(title: str, rows: list[Times]) -> Table:
    """Microseconds a node, and the growth from one row to the next (1.0 is linear)."""
    shown = Table(title=title)
    for name in ("nodes", "check µs/node", "run µs/node", "growth", "cached µs/node", "growth", "cached ms"):
        shown.add_column(name, justify="right")
    for before, row in zip([None, *rows], rows, strict=False):
        shown.add_row(
            f"{row.nodes:,}",
            per_node(row.validation, row.nodes),
            per_node(row.fresh, row.nodes),
            growth(before and before.fresh, row.fresh, before, row),
            per_node(row.cached, row.nodes),
            growth(before and before.cached, row.cached, before, row),
            f"{row.cached * 1000:.1f}",
        )
    return shown


def per_node(seconds: float | None, nodes: int) -> str:
    """Microseconds a node."""
    return "" if seconds is None else f"{seconds / nodes * 1e6:,.1f}"


def growth(earlier: float | None, now: float, before: Times | None, row: Times) -> str:
    """How a node's share grew from one size to the next."""
    return "" if earlier is None or before is None else f"{now / earlier / (row.nodes / before.nodes):.2f}"


def ratios(ours: list[Times], peer: list[Times]) -> Table:
    """The peer's time over ours, size by size."""
    shown = Table(title="the peer's time over ours")
    for name in ("nodes", "run", "cached"):
        shown.add_column(name, justify="right")
    for mine, other in zip(ours, peer, strict=True):
        shown.add_row(
            f"{mine.nodes:,}", f"{other.fresh / mine.fresh:,.0f} x", f"{other.cached / mine.cached:,.0f} x"
        )
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--comfyui", metavar="URL", help="a running ComfyUI to measure beside ours")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="chain lengths")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--cpu", action="store_true", help="count our processor time: for a busy machine")
    options = parser.parse_args()
    console = Console()
    clock = time.process_time if options.cpu else time.perf_counter
    measure_ours(100)
    rows = [best(lambda n=n: measure_ours(n, clock), options.repeats) for n in options.sizes]
    console.print(table("ours, processor time" if options.cpu else "ours", rows))
    if options.comfyui:
        url = options.comfyui.rstrip("/")
        peer = [measure_peer(url, nodes) for nodes in PEER_SIZES]
        ours = [best(lambda n=n: measure_ours(n), options.repeats) for n in PEER_SIZES]
        console.print(table("ComfyUI, over its protocol", peer), ratios(ours, peer))


if __name__ == "__main__":
    main()
