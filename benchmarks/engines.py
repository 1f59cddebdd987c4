"""A graph of small nodes on both engines: what a run takes in Triton, over what it takes in our own processes.

    python benchmarks/engines.py [--nodes 50] [--runs 40]

Both servers run side by side and are asked in turns, one run after another; every run has another input, so nothing is cached.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measuring import Measured, Report, Table, milliseconds, ratio
from servers import flowscale, write

if TYPE_CHECKING:
    from servers import FlowScale

ENGINES = ("inprocess", "triton")
QUICK = ("--runs", "15")


def main() -> None:
    print(measure(arguments(argparse.ArgumentParser(description=__doc__)).parse_args()).markdown())


def arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--nodes", type=int, nargs="+", default=[1, 50, 500])
    parser.add_argument("--runs", type=int, default=40)
    return parser


def measure(options: argparse.Namespace) -> Report:
    """The median run of each engine, for graphs of each size."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        graphs = {f"chain-{nodes}": chain(nodes) for nodes in options.nodes}
        write(folder, graphs, ("text", "first.value"), "cache: {enabled: false}")
        with flowscale(folder, engine=ENGINES[0]) as own, flowscale(folder, engine=ENGINES[1]) as triton:
            found = {nodes: medians((own, triton), nodes, options.runs) for nodes in options.nodes}
    rows = [
        (f"{nodes}", milliseconds(own), milliseconds(triton), ratio(triton, own))
        for nodes, (own, triton) in found.items()
    ]
    columns = ("nodes", "in our processes ms", "in Triton ms", "Triton over ours")
    own, triton = found[50] if 50 in found else next(iter(found.values()))
    return Report(
        [Table("A run of small nodes over HTTP (`wait`), median", columns, rows)],
        {"engines": Measured(triton / own, "50 nodes, one run after another")},
    )


def chain(nodes: int) -> dict[str, Any]:
    """A text that passes so many nodes."""
    graph: dict[str, Any] = {"first": {"class_type": "PrimitiveString", "inputs": {"value": ""}}}
    last = "first"
    for number in range(nodes - 1):
        inputs = {"string_a": [last, 0], "string_b": "x", "delimiter": ""}
        graph[str(number)] = {"class_type": "StringConcatenate", "inputs": inputs}
        last = str(number)
    saved = {"text": [last, 0], "filename_prefix": "said", "label": ""}
    graph["last"] = {"class_type": "FSSaveText", "inputs": saved}
    return graph


def medians(servers: tuple[FlowScale, FlowScale], nodes: int, runs: int) -> tuple[float, float]:
    """Seconds of the median run on each server, asked in turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(-3, runs):  # the first three warm up
        for server, kept in zip(servers, times, strict=True):
            started = time.perf_counter()
            told = server.submit(
                json.dumps({"text": f"{nodes} {number}"}).encode(), deployment=f"chain-{nodes}", wait=60
            )
            seconds = time.perf_counter() - started
            if told["status"] != "completed":
                raise SystemExit(f"a run failed: {told['error']}")
            if number >= 0:
                kept.append(seconds)
    return statistics.median(times[0]), statistics.median(times[1])


if __name__ == "__main__":
    main()
