"""Statuses as text that a cluster keeps, and back: what decisions remember survives every restart there."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flowscale_controllers.decisions.budgets import Told
from flowscale_controllers.decisions.evidence import Batch, Evidence, Totals
from flowscale_controllers.decisions.rollout import Live, Sent, Trial
from flowscale_controllers.decisions.values import Past

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowscale_controllers.decisions.budgets import Ledger, Verdict
    from flowscale_controllers.decisions.values import Wanted

TOTALS = tuple(each.name for each in fields(Totals))


def text(moment: float) -> str:
    """A time as RFC 3339."""
    return datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")


def moment(written: str) -> float:
    """The time that was written."""
    return datetime.fromisoformat(written).timestamp()


def past_of(status: Mapping[str, Any]) -> Past:
    """What scaling remembered; unknown fields of another version are left out."""
    memory = (status.get("scaling") or {}).get("memory") or {}
    known = {each.name for each in fields(Past)}
    return Past(**{name: value for name, value in memory.items() if name in known})


def scaling_status(wanted: Wanted, before: Mapping[str, Any], now: float) -> dict[str, Any]:
    """The last decision; `at` is when it last came out differently."""
    said = {"wanted": wanted.replicas, "reason": wanted.reason}
    same = all(before.get(name) == value for name, value in said.items())
    # Never empty: of a map whose last key is taken away an API server makes null, and then refuses it.
    memory = {name: value for name, value in asdict(wanted.past).items() if value is not None}
    at = before.get("at") if same and before.get("at") else text(now)
    return {
        **said,
        "message": before.get("message", wanted.message) if same else wanted.message,
        "at": at,
        "memory": memory,
    }


def live_of(status: Mapping[str, Any]) -> Live:
    """What is served, by the status."""
    weights = {version: float(share) for version, share in (status.get("weights") or {}).items()}
    sent = [
        Sent(digest=each["digest"], at=moment(each["at"]), reason=each.get("reason", ""))
        for each in status.get("rolledBack") or ()
    ]
    return Live(weights=weights, trial=_trial(status.get("rollout")), sent_back=tuple(sent))


def live_status(live: Live) -> dict[str, Any]:
    """What is served, as the status has it."""
    found: dict[str, Any] = {"weights": dict(live.weights)}
    if live.trial is not None:
        found["rollout"] = _trial_status(live.trial)
    if live.sent_back:
        found["rolledBack"] = [
            {"digest": each.digest, "at": text(each.at), "reason": each.reason} for each in live.sent_back
        ]
    return found


def _trial(written: Mapping[str, Any] | None) -> Trial | None:
    if not written or not written.get("digest"):
        return None
    kept = written.get("evidence") or {}
    return Trial(
        candidate=written["candidate"],
        digest=written["digest"],
        step=written.get("step", 0),
        started_at=moment(kept["begunAt"]),
        step_at=moment(written["startedAt"]),
        step_runs=kept.get("stepRuns", 0),
        verdict=written.get("verdict", ""),
        message=kept.get("message", ""),
        mirror=float(kept.get("mirror", 0)),
        evidence=Evidence(
            batches=tuple(Batch(_totals(row[:5]), _totals(row[5:])) for row in kept.get("batches", ())),
            stable=_totals(kept["stable"]),
            candidate=_totals(kept["candidate"]),
        ),
    )


def _trial_status(trial: Trial) -> dict[str, Any]:
    evidence = trial.evidence
    return {
        "candidate": trial.candidate,
        "digest": trial.digest,
        "step": trial.step,
        "startedAt": text(trial.step_at),
        "verdict": trial.verdict,
        "evidence": {
            "begunAt": text(trial.started_at),
            "stepRuns": trial.step_runs,
            "message": trial.message,
            "mirror": trial.mirror,
            "stable": _row(evidence.stable),
            "candidate": _row(evidence.candidate),
            "batches": [[*_row(batch.stable), *_row(batch.candidate)] for batch in evidence.batches],
        },
    }


def _row(totals: Totals) -> list[float]:
    return [getattr(totals, name) for name in TOTALS]


def _totals(row: list[Any]) -> Totals:
    values = dict(zip(TOTALS, row, strict=True))
    whole = {name: int(values[name]) for name in ("runs", "failures", "scores")}
    return Totals(**{**values, **whole})


def told_of(status: Mapping[str, Any]) -> Told:
    """The alerts that were sent."""
    start = status.get("periodStart")
    return Told(period_start=moment(start) if start else None, alerts=tuple(status.get("alerts") or ()))


def budget_status(ledger: Ledger, verdict: Verdict, told: Told, generation: int) -> dict[str, Any]:
    """A budget's status."""
    found: dict[str, Any] = {
        "observedGeneration": generation,
        "periodStart": text(ledger.period_start),
        "spent": ledger.spent,
        "reserved": ledger.reserved,
        "exceeded": verdict.exceeded,
        "alerts": list(told.alerts),
    }
    return found if ledger.period_end is None else {**found, "periodEnd": text(ledger.period_end)}
