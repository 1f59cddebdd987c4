"""What http_submit.py finds, and how it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from measuring import Table, milliseconds, ratio

if TYPE_CHECKING:
    from client import Load


@dataclass(frozen=True)
class Row:
    """What one server took: CPU seconds for a request, one after another and `connections` at once."""

    name: str
    single: Load
    single_cpu: float
    many: Load
    many_cpu: float


@dataclass(frozen=True)
class Filled:
    """What FlowScale holds after so many runs; CPU seconds and runs a second since the row before."""

    runs: int
    gateway: int
    hosts: int
    cpu: float
    rate: float
    latency: float


def one_by_one(rows: list[Row]) -> Table:
    """One client that keeps its connection."""
    base = rows[0]
    shown = [
        (
            row.name,
            milliseconds(row.single_cpu),
            ratio(row.single_cpu, base.single_cpu),
            milliseconds(row.single.best),
            milliseconds(row.single.median),
            milliseconds(row.single.p99),
        )
        for row in rows
    ]
    columns = ("server", "CPU ms a request", "over FlowScale: kept", "best ms", "median ms", "p99 ms")
    return Table(f"One client, {len(base.single.latencies):,} requests one after another", columns, shown)


def at_once(rows: list[Row], connections: int) -> Table:
    """Many clients."""
    base = rows[0]
    shown = [
        (
            row.name,
            f"{row.many.rate:,.0f}",
            ratio(row.many.rate, base.many.rate),
            milliseconds(row.many_cpu),
            milliseconds(row.many.median),
            milliseconds(row.many.p99),
        )
        for row in rows
    ]
    columns = (
        "server",
        "requests a second",
        "over FlowScale: kept",
        "CPU ms a request",
        "median ms",
        "p99 ms",
    )
    return Table(f"{connections} clients, {len(base.many.latencies):,} requests", columns, shown)


def over(rows: list[Filled]) -> Table:
    """Memory as runs add up."""
    base = rows[0]
    shown = [
        (
            f"{row.runs:,}",
            f"{row.gateway / 2**20:,.0f}",
            ratio(row.gateway, base.gateway),
            f"{row.hosts / 2**20:,.0f}",
            milliseconds(row.cpu),
            f"{row.rate:,.0f}",
            milliseconds(row.latency),
        )
        for row in rows
    ]
    columns = (
        *("runs executed", "server MiB", "over the first", "hosts MiB"),
        *("server CPU ms a run", "runs a second", "median ms"),
    )
    return Table("Memory over many runs, 8 clients that wait", columns, shown)
