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
from servers import flowscale

if TYPE_CHECKING:
    from servers import FlowScale

SPEC = """
apiVersion: flowscale.ai/v1
kind: Workflow
metadata: {{name: {name}}}
spec: {{source: {name}.json, version: 1.0.0, inputs: {{text: {{from: first.value}}}}}}
---
apiVersion: flowscale.ai/v1
kind: WorkflowDeployment
metadata: {{name: {name}}}
spec: {{workflow: {name}, cache: {{enabled: false}}}}
"""
ENGINES = ("inprocess", "triton")


def main() -> None:
    print(measure(settled(arguments(argparse.ArgumentParser(description=__doc__)).parse_args())).markdown())


def arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--nodes", type=int, nargs="+", default=[1, 50, 500])
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--quick", action="store_true")
    return parser


def settled(options: argparse.Namespace) -> argparse.Namespace:
    if options.quick:
        options.runs = 15
    return options


def measure(options: argparse.Namespace) -> Report:
    """The median run of each engine, for graphs of each size."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write(folder, options.nodes)
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


def write(folder: Path, sizes: list[int]) -> None:
    """A spec folder with a chain of each length."""
    (folder / "flowscale.yaml").write_text("---".join(SPEC.format(name=f"chain-{nodes}") for nodes in sizes))
    for nodes in sizes:
        (folder / f"chain-{nodes}.json").write_text(json.dumps(chain(nodes)))


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
