"""Submitting runs over HTTP: what one costs and takes, how many a second, whether any is lost, and memory over many.

    python benchmarks/http_submit.py [--runs 2000] [--peers comfy-api-proxy bentoml ...] [--ray] [--quick]

"Kept" is what the gateway answers once the run is durably in the queue; the only host is held by a run that sleeps, so
nothing else happens meanwhile. "Waited for" is the whole way: queued, claimed, computed in a host process, published,
answered. CPU is that of the server's own process (peers: with its children) less what it takes while idle, in the
cheapest of several rounds. The server that keeps runs is killed with SIGKILL before its rows are counted.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import peers
from client import Load, send
from http_tables import Filled, Row, at_once, one_by_one, over
from measuring import Measured, Report, milliseconds
from servers import SERVED, FlowScale, NotStarted, Process, end, flowscale

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ECHO = b'{"text": "hello"}'
ROUNDS = 5  # the one that took the least CPU counts: what disturbs only adds
KEPT, WAITED = "FlowScale: kept", "FlowScale: waited for"


def measure(options: argparse.Namespace) -> Report:
    """All of it: FlowScale, floors and peers in turn, then many runs."""
    kept, accepted, found = keeping(options)
    waited = waiting(options)
    others, missing = beside(options)
    filled = filling(options)
    tables = [
        one_by_one([kept, waited, *others]),
        at_once([kept, waited, *others], options.connections),
        over(filled),
    ]
    killed = f"Submitted {options.connections} at once, then the server was killed with SIGKILL"
    lost = f"{killed}: {accepted:,} accepted, {found:,} found, **{accepted - found} lost**."
    return Report(tables, measured(kept, waited, filled, others, accepted - found), [lost, *missing])


def measured(
    kept: Row, waited: Row, filled: list[Filled], others: list[Row], lost: int
) -> dict[str, Measured]:
    """The goals' values, beside what others took for the same."""
    named = [row for row in others if not row.name.startswith(("floor", "aiohttp"))]
    cpu = ", ".join(f"{row.name} {milliseconds(row.single_cpu)}" for row in named)
    rate = ", ".join(f"{row.name} {row.many.rate:,.0f}" for row in named)
    first, last = filled[0], filled[-1]
    return {
        "submit": Measured(waited.single.median * 1000),
        "cpu": Measured(kept.single_cpu * 1000, beside=cpu),
        "rate": Measured(kept.many.rate, f"{lost} lost", rate),
        "memory": Measured(last.gateway / first.gateway, f"{first.runs:,} to {last.runs:,} runs"),
    }


def keeping(options: argparse.Namespace) -> tuple[Row, int, int]:
    """Runs that are kept and wait: the row, how many were accepted, how many are found after a kill."""
    with flowscale(SERVED / "text", workers=1) as server:
        server.submit(b"{}", deployment="hold")
        request = server.submission(ECHO, deployment="echo")
        row = both(KEPT, server.process, server.url, request, options, children=False)
        end(server.process.handle)
        accepted = [json.loads(answer.body)["data"]["run_id"] for answer in row.many.answers]
        return row, len(accepted), kept_rows(server, accepted)


def kept_rows(server: FlowScale, accepted: list[str]) -> int:
    """How many of the accepted runs are in the database."""
    with closing(sqlite3.connect(server.data / "flowscale.db")) as connection:
        there = {run_id for (run_id,) in connection.execute("SELECT id FROM runs WHERE state = 'queued'")}
    return len(there.intersection(accepted))


def waiting(options: argparse.Namespace) -> Row:
    """Runs whose result is waited for."""
    with flowscale(SERVED / "text") as server:
        request = server.submission(ECHO, deployment="echo", wait=60)
        row = both(WAITED, server.process, server.url, request, options, children=False)
    for answer in (*row.single.answers, *row.many.answers):
        if (state := json.loads(answer.body)["data"]["status"]) != "completed":
            raise SystemExit(f"a run is {state}: {answer.body[:500].decode()}")
    return row


def beside(options: argparse.Namespace) -> tuple[list[Row], list[str]]:
    """Floors and peers; those that can't be had here are named."""
    rows, missing = [], []
    for name, rig in chosen(options):
        try:
            with rig() as one:
                rows.append(both(one.name, one.process, one.url, one.request, options, children=True))
        except (peers.Missing, NotStarted) as error:
            missing.append(f"{name} is left out: {' '.join(str(error).split())[:300]}")
    return rows, missing


def chosen(options: argparse.Namespace) -> Iterator[tuple[str, Callable]]:
    """Floors, and the peers that are asked for."""
    yield from peers.FLOORS.items()
    for name, rig in peers.PEERS.items():
        wanted = options.ray if name == "ray" else options.peers is None
        if wanted or name in (options.peers or ()):
            yield name, rig


def both(
    name: str, process: Process, url: str, request: bytes, options: argparse.Namespace, *, children: bool
) -> Row:
    """One client, then many, after a warm-up."""
    send(url, [request] * max(options.runs // 10, 10))
    idle = process.idle(options.idle, children=children)
    found: list = []
    for connections, number in ((1, options.runs), (options.connections, options.runs * 2)):
        load, spent = Load(0.0), []
        for _ in range(ROUNDS):
            before = process.cpu(children=children)
            one = send(url, [request] * max(number // ROUNDS, 1), connections)
            spent.append((process.cpu(children=children) - before - idle * one.seconds) / len(one.latencies))
            load += one
        found += [load, max(min(spent), 0.0)]
    return Row(name, *found)


def filling(options: argparse.Namespace) -> list[Filled]:
    """Executes runs up to each of the sizes, and looks at the memory there."""
    rows: list[Filled] = []
    with flowscale(SERVED / "text") as server:
        request = server.submission(ECHO, deployment="echo", wait=60)
        done = 0
        for size in sorted(options.sizes):
            before = server.process.cpu(children=False)
            load = send(server.url, [request] * (size - done), 8)
            spent = server.process.cpu(children=False) - before
            time.sleep(options.idle)
            memory = [server.process.memory(children=children) for children in (False, True)]
            rows.append(Filled(size, *memory, spent / (size - done), load.rate, load.median))
            done = size
    return rows


def arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """What can be asked for."""
    parser.add_argument(
        "--runs", type=int, help="requests of the one client; the many send twice that (2000)"
    )
    parser.add_argument("--connections", type=int, default=16, help="clients at once")
    parser.add_argument("--sizes", type=int, nargs="+", help="runs after which memory is looked at")
    parser.add_argument(
        "--peers", nargs="*", choices=list(peers.PEERS), help="all but Ray Serve, unless said"
    )
    parser.add_argument("--ray", action="store_true", help="also Ray Serve, which takes minutes to install")
    parser.add_argument("--quick", action="store_true", help="fewer requests")
    return parser


def settled(options: argparse.Namespace) -> argparse.Namespace:
    """Options with what follows from --quick."""
    options.runs = options.runs or (500 if options.quick else 2000)
    options.sizes = options.sizes or ([500, 2000, 5000] if options.quick else [2000, 20_000, 100_000])
    options.idle = 0.5 if options.quick else 2.0
    return options


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    with suppress(KeyboardInterrupt):
        print(measure(settled(arguments(parser).parse_args())).markdown())


if __name__ == "__main__":
    main()
