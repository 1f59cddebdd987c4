"""What a repeated run costs when its answer is kept, beside computing it.

    python benchmarks/cache.py [--runs 200] [--quick]

The same workflow (torch blurs a 512 x 512 picture, saved as PNG) behind two deployments, one of them with a cache. A
computed run has a color that never came before; a repeated one has a color that did. The same run asked for by many at
once must compute once.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from client import Load, send
from measuring import Measured, Report, Table, milliseconds, ratio
from servers import SERVED, FlowScale, flowscale

if TYPE_CHECKING:
    from collections.abc import Iterable

AT_ONCE = 16


@dataclass(frozen=True)
class Row:
    """Requests of one kind, and the server's and hosts' CPU seconds for each."""

    name: str
    load: Load
    gateway: float
    hosts: float
    cached: int


def measure(options: argparse.Namespace) -> Report:
    """Computing, repeating, and many at once."""
    runs, known = options.runs, options.known
    with flowscale(SERVED / "picture") as server:
        ask(server, "picture", range(1000, 1010), "warm-up")
        computed = ask(server, "picture", range(2000, 2000 + runs), "computed, no cache declared")
        kept = ask(server, "picture-cached", range(known), "computed and kept")
        repeated = ask(
            server, "picture-cached", [n % known for n in range(runs * 5)], "repeated, from the cache"
        )
        together = ask(server, "picture-cached", [9999] * AT_ONCE, f"one new run, {AT_ONCE} at once", AT_ONCE)
    rows = [computed, kept, repeated, together]
    notes = [
        f"The same run, asked for {AT_ONCE} times at once: computed {AT_ONCE - together.cached} time(s)."
    ]
    beside = f"computing it {milliseconds(computed.load.median)}"
    return Report([table(rows)], {"cached": Measured(repeated.load.median * 1000, beside=beside)}, notes)


def ask(server: FlowScale, deployment: str, colors: Iterable[int], name: str, connections: int = 1) -> Row:
    """Runs of these colors, each waited for."""
    requests = [
        server.submission(b'{"color": %d}' % color, deployment=deployment, wait=60) for color in colors
    ]
    before = [server.process.cpu(children=children) for children in (False, True)]
    load = send(server.url, requests, connections)
    after = [server.process.cpu(children=children) for children in (False, True)]
    gateway, family = ((late - early) / len(requests) for late, early in zip(after, before, strict=True))
    runs = [json.loads(answer.body)["data"] for answer in load.answers]
    if unfinished := [run for run in runs if run["status"] != "completed"]:
        raise SystemExit(f"a run is {unfinished[0]['status']}: {unfinished[0]['error']}")
    return Row(name, load, gateway, family - gateway, sum(run["cached"] for run in runs))


def table(rows: list[Row]) -> Table:
    """All kinds, beside computing."""
    base = rows[0].load.median
    shown = [
        (
            row.name,
            f"{len(row.load.latencies):,}",
            f"{row.cached:,}",
            milliseconds(row.load.median),
            ratio(row.load.median, base),
            milliseconds(row.load.p99),
            milliseconds(row.gateway),
            milliseconds(row.hosts),
        )
        for row in rows
    ]
    columns = (
        *("run", "requests", "from the cache", "median ms", "over computing"),
        *("p99 ms", "server CPU ms", "hosts CPU ms"),
    )
    return Table("A picture of 512 x 512, blurred", columns, shown)


def arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """What can be asked for."""
    parser.add_argument("--runs", type=int, help="computed runs; five times as many are repeated (200)")
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    return parser


def settled(options: argparse.Namespace) -> argparse.Namespace:
    """Options with what follows from --quick."""
    options.runs = options.runs or (40 if options.quick else 200)
    options.known = min(options.runs, 20)
    return options


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    print(measure(settled(arguments(parser).parse_args())).markdown())


if __name__ == "__main__":
    main()
