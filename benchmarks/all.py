"""Every benchmark, one after another, and the page that keeps what they found.

    python benchmarks/all.py [--quick] [--write] [--ray] [--only NAME ...]

`--write` puts the tables between their markers in docs/performance.md; a benchmark that isn't run keeps what is there.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import batching
import cache
import comfyui_servers
import compiling
import data_plane
import engines
import graph_chain
import http_submit
import page
import preview
import specs_load
import startup
from measuring import Measured, Report, Table, load, ratio

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

PART = {False: graph_chain.SIZES, True: graph_chain.SIZES[:3]}
DOCUMENTS = {False: (1000, 3000, 10_000), True: (1000, 10_000)}


def own(module: ModuleType) -> Callable[[argparse.Namespace], Report]:
    """A benchmark of ours, with what `all.py` was asked for."""

    def measure(options: argparse.Namespace) -> Report:
        given = ["--quick"] if options.quick else []
        if module is http_submit:
            given += ["--ray"] if options.ray else []
        return module.measure(module.settled(module.arguments(argparse.ArgumentParser()).parse_args(given)))

    return measure


def sized(module: ModuleType) -> Callable[[argparse.Namespace], Report]:
    """A benchmark that says itself what is quick."""

    def measure(options: argparse.Namespace) -> Report:
        given = module.QUICK if options.quick else ()
        return module.measure(module.arguments(argparse.ArgumentParser()).parse_args(given))

    return measure


def chains(options: argparse.Namespace) -> Report:
    """The executor over chains of trivial nodes."""
    repeats = 2 if options.quick else 5
    graph_chain.measure_ours(100)
    found = [
        graph_chain.best(lambda n=nodes: graph_chain.measure_ours(n), repeats)
        for nodes in PART[options.quick]
    ]
    base = found[0].fresh / found[0].nodes
    rows = [
        (
            f"{one.nodes:,}",
            *(f"{each / one.nodes * 1e6:,.1f}" for each in (one.validation or 0.0, one.fresh, one.cached)),
            ratio(one.fresh / one.nodes, base),
            f"{one.cached * 1000:,.1f}",
        )
        for one in found
    ]
    columns = (
        *("nodes", "check µs a node", "run µs a node", "cached µs a node"),
        *("run over the first", "cached ms"),
    )
    return Report([Table("Chains of trivial nodes, the executor alone", columns, rows)])


def documents(options: argparse.Namespace) -> Report:
    """Specs loaded and resolved, beside PyYAML's bare C loader on the same files."""
    rows = []
    for number in DOCUMENTS[options.quick]:
        with tempfile.TemporaryDirectory() as folder:
            specs_load.write(Path(folder), number)
            rows.append(specs_load.row(Path(folder), number, 1 if options.quick else 3).split())
    columns = (
        "documents",
        "bare YAML s",
        "load s",
        "resolve s",
        "total s",
        "over bare YAML",
        "µs a document",
    )
    _, bare, _, _, total, *_ = rows[-1]
    measured = {"specs": Measured(float(total), beside=f"PyYAML's bare C loader {bare}")}
    return Report([Table("Spec documents, seconds of CPU", columns, rows)], measured)


BENCHMARKS: dict[str, Callable[[argparse.Namespace], Report]] = {
    "http_submit": own(http_submit),
    "data_plane": own(data_plane),
    "startup": own(startup),
    "cache": own(cache),
    "graph_chain": chains,
    "specs_load": documents,
    "compiling": sized(compiling),
    "preview": sized(preview),
    "engines": sized(engines),
    "comfyui_servers": sized(comfyui_servers),
    "batching": sized(batching),
}


def main() -> None:
    options = arguments().parse_args()
    reports = {}
    for name in options.only or BENCHMARKS:
        busy, started = load(), time.monotonic()
        reports[name] = BENCHMARKS[name](options)
        seconds = time.monotonic() - started
        print(f"## {name}\n\n{reports[name].markdown()}\n", flush=True)
        print(f"{name}: {seconds:.0f} s, the machine's load was {busy:.1f} before it", file=sys.stderr)
    text = page.written(page.PAGE.read_text(), reports)
    if options.write:
        page.PAGE.write_text(text)
    print(page.held(text, "goals"))


def arguments() -> argparse.ArgumentParser:
    """What can be asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="smaller sizes: about eight minutes in all")
    parser.add_argument("--write", action="store_true", help=f"keep the tables in docs/{page.PAGE.name}")
    parser.add_argument("--ray", action="store_true", help="also Ray Serve, which takes minutes to install")
    parser.add_argument("--only", nargs="+", choices=list(BENCHMARKS), help="these alone")
    return parser


if __name__ == "__main__":
    main()
