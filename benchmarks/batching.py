"""Networks that runs share: passes a second with Triton's dynamic batching on and off, on the same server.

    python benchmarks/batching.py [--runs 8] [--rounds 4] [--layers 400]

Runs of two different graphs go through the same network again and again, as the steps of a sampler do, eight at once. The
network is deep and narrow: a pass costs its layers, hardly its batch. How many requests shared a pass is what Triton
counted, in its own metrics.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import threading
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import servers
import torch
from measuring import Measured, Report, Table, ratio

if TYPE_CHECKING:
    from servers import FlowScale

GRAPHS = {"long": 24, "short": 16}
"""Workflows by name, and how often each goes through the network."""
SIDE, WIDTH = 8, 256
SPEC = """
apiVersion: flowscale.ai/v1
kind: Model
metadata: {{name: {mode}}}
spec:
  format: torchscript
  file: network.pt
  inputs: [{{name: pixels, shape: [3, {side}, {side}]}}]
  outputs: [{{name: found, shape: [3, {side}, {side}]}}]
  batching: {batching}
"""
BATCHING = {"off": "{max: 1}", "on": "{max: 8, delay: 10ms}"}
COUNTED = re.compile(r'^nv_inference_(count|exec_count)\{model="([^"]+)"[^}]*\} (\d+)', re.MULTILINE)


@dataclass(frozen=True)
class Found:
    """What a mode gave: passes a second of the wall, and requests that shared a pass."""

    rate: float
    shared: float


QUICK = ("--rounds", "2")


def main() -> None:
    print(measure(arguments(argparse.ArgumentParser(description=__doc__)).parse_args()).markdown())


def arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--runs", type=int, default=8, help="runs at once")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--layers", type=int, default=400)
    return parser


def measure(options: argparse.Namespace) -> Report:
    """Both modes in turns on one server; the best round of each counts."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write(folder, options.layers)
        with servers.flowscale(folder, workers=options.runs, engine="triton") as server:
            for mode in BATCHING:
                once(server, mode, options.runs)
            rounds = [
                {mode: once(server, mode, options.runs) for mode in BATCHING} for _ in range(options.rounds)
            ]
    best = {mode: max((one[mode] for one in rounds), key=lambda found: found.rate) for mode in BATCHING}
    gain = best["on"].rate / best["off"].rate
    rows = [
        (f"batching {mode}", f"{found.rate:.0f}", f"{found.shared:.2f}", ratio(found.rate, best["off"].rate))
        for mode, found in best.items()
    ]
    columns = ("the same network", "passes a second", "requests a pass", "of batching off")
    conditions = f"{options.runs} runs at once of {len(GRAPHS)} graphs, {options.layers} layers, on the CPU"
    return Report(
        [Table(f"Dynamic batching, {conditions}", columns, rows)],
        {"batching": Measured(gain, conditions)},
        ["Requests a pass are counted by Triton (`nv_inference_count` over `nv_inference_exec_count`)."],
    )


def write(folder: Path, layers: int) -> None:
    """A spec folder with the network under both modes, and each graph over each of them."""
    torch.manual_seed(0)
    ends = 3 * SIDE * SIDE
    stack = [layer for _ in range(layers) for layer in (torch.nn.Linear(WIDTH, WIDTH), torch.nn.GELU())]
    first, last = torch.nn.Linear(ends, WIDTH), torch.nn.Linear(WIDTH, ends)
    shaped = torch.nn.Unflatten(1, (3, SIDE, SIDE))
    network = torch.nn.Sequential(torch.nn.Flatten(), first, *stack, last, torch.nn.Sigmoid(), shaped).eval()
    torch.jit.save(torch.jit.trace(network, torch.zeros(1, 3, SIDE, SIDE)), folder / "network.pt")
    networks = [SPEC.format(mode=mode, side=SIDE, batching=batching) for mode, batching in BATCHING.items()]
    graphs = {f"{graph}-{mode}": chain(mode, passes) for mode in BATCHING for graph, passes in GRAPHS.items()}
    terms = "cache: {enabled: false}, limits: {concurrency: 64, timeout: 10m}"
    servers.write(folder, graphs, ("color", "first.color"), terms, networks)


def chain(model: str, passes: int) -> dict[str, Any]:
    """A picture that goes through the network so many times."""
    empty = {"width": SIDE, "height": SIDE, "batch_size": 1, "color": 0}
    graph: dict[str, Any] = {"first": {"class_type": "EmptyImage", "inputs": empty}}
    last = "first"
    for step in range(passes):
        graph[str(step)] = {"class_type": "TritonModel", "inputs": {"image": [last, 0], "model": model}}
        last = str(step)
    graph["last"] = {
        "class_type": "FSSaveImage",
        "inputs": {
            "images": [last, 0],
            "filename_prefix": "found",
            "format": "png",
            "quality": 95,
            "lossless": False,
            "label": "",
        },
    }
    return graph


_colors = iter(range(1, 1 << 24))


def once(server: FlowScale, mode: str, runs: int) -> Found:
    """So many runs at once, the graphs in turns."""
    before = counted(server, mode)
    graphs = [list(GRAPHS)[number % len(GRAPHS)] for number in range(runs)]
    failed: list[Any] = []

    def run(graph: str, color: int) -> None:
        told = server.submit(json.dumps({"color": color}).encode(), deployment=f"{graph}-{mode}", wait=300)
        if told["status"] != "completed":
            failed.append(told)

    threads = [threading.Thread(target=run, args=(graph, next(_colors))) for graph in graphs]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    if failed:
        sys.exit(f"a run failed: {failed[0]}")
    passes, executions = (after - then for after, then in zip(counted(server, mode), before, strict=True))
    return Found(sum(GRAPHS[graph] for graph in graphs) / seconds, passes / executions if executions else 0.0)


def counted(server: FlowScale, mode: str) -> tuple[int, int]:
    """Requests and passes of a network until now, as Triton counts them."""
    with urllib.request.urlopen(f"{server.url}/metrics") as reply:
        text = reply.read().decode()
    found = {"count": 0, "exec_count": 0}
    for name, model, value in COUNTED.findall(text):
        if mode in model.split("-"):
            found[name] += int(value)
    return found["count"], found["exec_count"]


if __name__ == "__main__":
    main()
