"""How long specs take to load and resolve, as they grow, beside PyYAML's bare C loader on the same files.

    python benchmarks/specs_load.py [--documents 1000 3000 10000] [--repeat 3]

Half of the documents are workflows, half their deployments, 100 in a file; each is like the one in `docs/reference`.
Times are seconds of CPU of the best repeat, so that other work on the machine counts little.
"""

from __future__ import annotations

import argparse
import gc
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from flowscale_specs import load, resolve

if TYPE_CHECKING:
    from collections.abc import Callable

PAIR = """\
apiVersion: flowscale.ai/v1
kind: Workflow
metadata: {name: portrait-NUMBER}
spec:
  source: workflow.json
  version: 2.1.0
  inputs:
    prompt: {from: 6.text, label: Prompt, maxLength: 1000}
    steps: {from: 3.steps, default: 20, minimum: 1, maximum: 50}
---
apiVersion: flowscale.ai/v1
kind: WorkflowDeployment
metadata: {name: portrait-NUMBER}
spec:
  workflow: portrait-NUMBER
  traffic: {2.0.0: 90%, 2.1.0: 10%}
  gpu: L4
  scaling: {mode: auto, min: 0, max: 8, queueDepth: 4, latency: 20s, predictive: true, idleTimeout: 5m}
  limits: {timeout: 10m, queue: 200}
  cache: {ttl: 24h, fuzzy: [prompt]}
  budget: studio
---
"""
BUDGET = "kind: Budget\nmetadata: {name: studio}\nspec: {limit: $500/month, alerts: [50%, 100%], exceeded: refuse}\n"
PAIRS_A_FILE = 50


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--documents", type=int, nargs="+", default=[1000, 3000, 10_000])
    arguments.add_argument("--repeat", type=int, default=3)
    options = arguments.parse_args()
    print(
        f"{'documents':>9}  {'bare YAML':>9}  {'load':>7}  {'resolve':>7}  {'total':>7}  {'/ bare':>6}  {'us/doc':>6}"
    )
    for number in options.documents:
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), number)
            print(row(Path(folder), number, options.repeat))


def write(folder: Path, documents: int) -> None:
    (folder / "workflow.json").write_text("{}")
    (folder / "budget.yaml").write_text(BUDGET)
    for start in range(0, documents // 2, PAIRS_A_FILE):
        numbers = range(start, min(start + PAIRS_A_FILE, documents // 2))
        text = "".join(PAIR.replace("NUMBER", str(number)) for number in numbers)
        (folder / f"portraits-{start:06}.yaml").write_text(text)


def row(folder: Path, documents: int, repeat: int) -> str:
    bare = best(
        lambda: [list(yaml.load_all(file.read_bytes(), yaml.CSafeLoader)) for file in folder.glob("*.yaml")],
        repeat,
    )
    loading = best(lambda: load(folder), repeat)
    loaded = load(folder)
    resolving = best(lambda: resolve(loaded), repeat)
    total = loading + resolving
    return (
        f"{documents:>9,}  {bare:>9.2f}  {loading:>7.2f}  {resolving:>7.2f}  {total:>7.2f}  "
        f"{total / bare:>6.2f}  {total / documents * 1e6:>6.0f}"
    )


def best(work: Callable[[], object], repeat: int) -> float:
    times = []
    for _ in range(repeat):
        gc.collect()
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


if __name__ == "__main__":
    main()
