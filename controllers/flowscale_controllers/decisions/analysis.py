"""What the evidence says about a new release: keeps to its metrics, breaks one, or is better or worse than the old one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowscale_controllers.decisions import sequential

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flowscale_controllers.decisions.evidence import Evidence, Totals
    from flowscale_specs import ResolvedMetric, ResolvedRollout

HOUR_DOLLARS = 3600 * 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A metric that the new release breaks, and how sure that is."""

    metric: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How a metric of the new release compares with the old one's: `better`, `worse`, or `open`."""

    metric: str
    verdict: str
    low: float
    high: float


def findings(
    evidence: Evidence, rollout: ResolvedRollout, price: int, latency: tuple[float | None, float | None]
) -> Iterator[Finding]:
    """Everything that the new release breaks. `latency` is its median and 95th percentile of late.

    The chance that any of these is wrong is 1 - confidence at most, whenever one looks; percentiles are guard rails beside it.
    """
    alpha = (1 - rollout.confidence) / (2 + len(rollout.metrics))
    yield from _failures(evidence, rollout, alpha)
    for metric in (each for each in rollout.metrics if each.name != "error-rate"):
        yield from _metric(metric, evidence, price, latency, alpha, rollout.runs)


def compare(evidence: Evidence, rollout: ResolvedRollout, price: int) -> Iterator[Comparison]:
    """The verdict on each metric of an experiment, at its confidence over all of them."""
    alpha = (1 - rollout.confidence) / max(1, len(rollout.metrics))
    for metric in rollout.metrics:
        value = _value(metric.name, price)
        found = sequential.difference(evidence.batches, value, alpha)
        more_is_better = metric.name in {"quality", "satisfaction"}
        verdict = "open"
        if found.low > 0 or found.high < 0:
            verdict = "better" if (found.low > 0) == more_is_better else "worse"
        yield Comparison(metric=metric.name, verdict=verdict, low=found.low, high=found.high)


def _failures(evidence: Evidence, rollout: ResolvedRollout, alpha: float) -> Iterator[Finding]:
    sums, most = evidence.sums(), _highest(rollout)
    shown = f"{_rate(sums.candidate)} of runs fail, {_rate(sums.stable)} before"
    if sequential.failures_above([each.candidate for each in evidence.batches], most) >= 1 / alpha:
        yield Finding(metric="error-rate", message=f"{shown}: more than {most:.1%}")
    elif sequential.more_failures(evidence.batches, _tolerated(rollout)) >= 1 / alpha:
        yield Finding(metric="error-rate", message=f"{shown}: more than before")


def _highest(rollout: ResolvedRollout) -> float:
    """The part of failed runs that is never taken."""
    said = [m.maximum for m in rollout.metrics if m.name == "error-rate" and m.maximum is not None]
    return min([rollout.error_rate, *said])


def _tolerated(rollout: ResolvedRollout) -> float:
    changes = (metric.change or 0.0 for metric in rollout.metrics if metric.name == "error-rate")
    return 1 + max(changes, default=0.0)


def _metric(
    metric: ResolvedMetric,
    evidence: Evidence,
    price: int,
    latency: tuple[float | None, float | None],
    alpha: float,
    least: int,
) -> Iterator[Finding]:
    value, news = _value(metric.name, price), [batch.candidate for batch in evidence.batches]
    if metric.name.startswith("latency"):
        measured = latency[metric.name == "latency-p95"]
        if (
            metric.maximum is not None
            and measured is not None
            and evidence.runs >= least
            and measured > metric.maximum
        ):
            yield Finding(metric=metric.name, message=f"{measured:.2f} s, more than {metric.maximum:g} s")
    elif metric.maximum is not None or metric.minimum is not None:
        found = sequential.mean(news, value, alpha)
        if metric.maximum is not None and found.low > metric.maximum:
            yield Finding(
                metric=metric.name, message=f"at least {found.low:.4g}, more than {metric.maximum:g}"
            )
        if metric.minimum is not None and found.high < metric.minimum:
            yield Finding(
                metric=metric.name, message=f"at most {found.high:.4g}, less than {metric.minimum:g}"
            )
    if metric.change is not None:
        yield from _change(metric, evidence, value, alpha)


def _change(
    metric: ResolvedMetric, evidence: Evidence, value: Callable[[Totals], tuple[float, int]], alpha: float
) -> Iterator[Finding]:
    less_is_worse = metric.name in {"quality", "satisfaction"}
    change = metric.change or 0.0
    tolerated = 1 - change if less_is_worse else 1 + change
    found = sequential.difference(evidence.batches, value, alpha, tolerated)
    if found.high < 0 if less_is_worse else found.low > 0:
        how = "less" if less_is_worse else "more"
        yield Finding(metric=metric.name, message=f"{how} than before by over {change:.0%}")


def _value(metric: str, price: int) -> Callable[[Totals], tuple[float, int]]:
    """The sum and the count of a metric in a batch."""
    if metric in {"quality", "satisfaction"}:
        return lambda part: (part.score, part.scores)
    if metric == "error-rate":
        return lambda part: (part.failures, part.runs)
    factor = price / HOUR_DOLLARS if metric == "cost-per-run" else 1.0
    return lambda part: (part.seconds * factor, part.runs)


def _rate(part: Totals) -> str:
    return f"{part.failures / part.runs:.1%}" if part.runs else "none"
