"""What the gateway tells of demand and budgets, as the values that decisions take."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flowscale_controllers.decisions.budgets import Ledger
from flowscale_controllers.decisions.evidence import Totals
from flowscale_controllers.decisions.values import Load

if TYPE_CHECKING:
    from collections.abc import Mapping

MICRO = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What one deployment has to do, and what its releases did."""

    load: Load
    arrivals: int = 0
    totals: Mapping[str, Totals] = field(default_factory=dict)
    latency: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)


def read_demand(told: Mapping[str, Any]) -> dict[str, Demand]:
    """Every deployment of one telling."""
    return {name: _demand(each) for name, each in told["deployments"].items()}


def read_ledgers(told: Mapping[str, Any]) -> dict[str, Ledger]:
    """Every budget of one telling."""
    return {each["name"]: _ledger(each) for each in told["budgets"]}


def _demand(told: Mapping[str, Any]) -> Demand:
    releases: Mapping[str, Any] = told.get("releases") or {}
    totals = {digest: _totals(each) for digest, each in releases.items()}
    computed, runs = sum(t.seconds for t in totals.values()), sum(t.runs for t in totals.values())
    oldest = told.get("oldest_queued_at")
    return Demand(
        load=Load(
            queued=told.get("queued", 0),
            running=told.get("running", 0),
            oldest_queued_at=None if oldest is None else oldest / MICRO,
            service=computed / runs if runs and computed else None,
            latency_p95=max(
                (each["latency_p95"] for each in releases.values() if each.get("latency_p95")), default=None
            ),
        ),
        arrivals=told.get("arrivals", 0),
        totals=totals,
        latency={
            digest: (each.get("latency_p50"), each.get("latency_p95")) for digest, each in releases.items()
        },
    )


def _totals(told: Mapping[str, Any]) -> Totals:
    failures = told.get("failed", 0) + told.get("timed_out", 0)
    return Totals(
        runs=told.get("completed", 0) + failures,
        failures=failures,
        seconds=told.get("seconds") or 0.0,
        score=told.get("score_total") or 0.0,
        scores=told.get("score_count") or 0,
    )


def _ledger(told: Mapping[str, Any]) -> Ledger:
    end = told.get("period_end")
    return Ledger(
        name=told["name"],
        limit=told["limit"],
        spent=told["spent"],
        reserved=told.get("reserved", 0),
        period_start=(told.get("period_start") or 0) / MICRO,
        period_end=None if end is None else end / MICRO,
        deployments=tuple(told.get("deployments") or ()),
    )
