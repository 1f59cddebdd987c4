"""Tests that may be looked at after every batch: their error rates hold however often, and whenever, one stops.

Failures are compared by an e-process, a mixture of likelihood ratios over how much worse the new release could be. Given the
failures of a batch, how many fell on either release follows their shares of the runs where both are alike; the mixture is then a
non-negative supermartingale, so by Ville's inequality it passes 1/alpha with a chance of alpha at most (the multinomial test of
Lindon and Malek 2022, with the shares of each batch in place of fixed ones, since keys stick to a release).

Means (seconds, scores) are compared by anytime-valid linear models (Lindon, Ham, Tingley and Bojinov 2022), by savvi, on
means of batches, weighted by their runs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from flowscale_controllers.decisions.evidence import Batch, Totals

ODDS = (1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
"""How many times the odds of a failure could be; each has the same weight in the mixture."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval that holds at every moment at once."""

    low: float
    high: float


def more_failures(batches: Iterable[Batch], tolerated: float = 1.0) -> float:
    """Evidence (an e-value) that the new release's failures have more than `tolerated` times the odds of the old one's."""
    logs = [0.0] * len(ODDS)
    for batch in batches:
        runs = batch.stable.runs + batch.candidate.runs
        if not batch.stable.runs or not batch.candidate.runs:
            continue
        share = _tilted(batch.candidate.runs / runs, tolerated)
        for place, odds in enumerate(ODDS):
            tilted = _tilted(share, odds)
            logs[place] += batch.candidate.failures * math.log(tilted / share)
            logs[place] += batch.stable.failures * math.log((1 - tilted) / (1 - share))
    return _mixture(logs)


def failures_above(parts: Iterable[Totals], rate: float) -> float:
    """Evidence that more than this part of the runs fails."""
    if not 0 < rate < 1:
        return math.inf if rate <= 0 and any(part.failures for part in parts) else 1.0
    logs = [0.0] * len(ODDS)
    for part in parts:
        for place, odds in enumerate(ODDS):
            tilted = _tilted(rate, odds)
            logs[place] += part.failures * math.log(tilted / rate)
            logs[place] += (part.runs - part.failures) * math.log((1 - tilted) / (1 - rate))
    return _mixture(logs)


def difference(
    batches: Sequence[Batch],
    value: Callable[[Totals], tuple[float, int]],
    alpha: float,
    tolerated: float = 1.0,
) -> Interval:
    """The new release's mean less `tolerated` times the old one's. `value` gives the sum and the count of a batch."""
    rows: list[tuple[list[float], float]] = []
    for batch in batches:
        for part, is_new in ((batch.stable, 0.0), (batch.candidate, 1.0)):
            summed, count = value(part)
            if count:
                weight, factor = math.sqrt(count), 1.0 if is_new else tolerated
                rows.append(([weight, weight * is_new], weight * factor * summed / count))
    return _bounds(rows, 1, alpha)


def mean(parts: Sequence[Totals], value: Callable[[Totals], tuple[float, int]], alpha: float) -> Interval:
    """The mean of one release."""
    counted = [value(part) for part in parts]
    rows = [([math.sqrt(count)], math.sqrt(count) * summed / count) for summed, count in counted if count]
    return _bounds(rows, 0, alpha)


def _bounds(rows: Sequence[tuple[list[float], float]], which: int, alpha: float) -> Interval:
    import numpy as np
    from savvi.linear_regression import LinearRegression  # loaded where a rollout is watched

    scale = max((abs(y) for _, y in rows), default=0.0)
    if not scale:
        return Interval(-math.inf, math.inf)
    model = LinearRegression(alpha, which + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        for x, y in rows:
            model.update((np.asarray(x), y / scale))
            model.infer()
    low, high = model.conf_int[which]
    return Interval(float(low) * scale, float(high) * scale)


def _tilted(share: float, odds: float) -> float:
    """A share whose odds are multiplied."""
    return share * odds / (share * odds + 1 - share)


def _mixture(logs: Sequence[float]) -> float:
    highest = max(logs)
    if highest > 700:
        return math.inf
    return sum(math.exp(log) for log in logs) / len(logs)
