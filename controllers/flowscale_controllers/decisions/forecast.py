"""How many runs are expected: the season before, or a library's model where that was closer on days held out.

A history is a row of counts, one a bucket of 15 minutes, oldest first, ending with the last whole bucket.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

BUCKET = 900
"""Seconds of a bucket."""
DAY = 86400 // BUCKET
WEEK = 7 * DAY


class Forecast(Protocol):
    """Counts of the next `steps` buckets."""

    def __call__(self, history: Sequence[int], steps: int) -> list[float]: ...


@dataclass(frozen=True, slots=True)
class SeasonalNaive:
    """What was in the same bucket of the last seasons, scaled by how this day compares with the same part of them."""

    season: int

    def __call__(self, history: Sequence[int], steps: int) -> list[float]:
        level = _level(history, self.season)
        return [level * _same_bucket(history, self.season, step) for step in range(steps)]


def naive(history: Sequence[int]) -> SeasonalNaive:
    """By the week where two weeks are known, by the day before that."""
    return SeasonalNaive(WEEK if len(history) >= 2 * WEEK else DAY)


def choose(history: Sequence[int], model: Callable[[int], Forecast]) -> Forecast:
    """The seasonal-naive forecast, or the model where its error on the last season, held out, is smaller.

    `model` makes a forecaster for a season; it is asked for nothing while less than three seasons are known.
    """
    simple = naive(history)
    if len(history) < 3 * simple.season:
        return simple
    better = model(simple.season)
    return better if error(better, history) < 0.95 * error(simple, history) else simple


def error(forecast: Forecast, history: Sequence[int]) -> float:
    """Mean absolute error over the last day, forecast in quarters from what was known before each."""
    quarter = DAY // 4
    starts = range(len(history) - DAY, len(history), quarter)
    return fmean(
        abs(guess - count)
        for start in starts
        for guess, count in zip(
            forecast(history[:start], quarter), history[start : start + quarter], strict=True
        )
    )


def rate(forecast: Forecast, history: Sequence[int], now: float, ahead: float) -> float | None:
    """Runs a second at `now + ahead`, the most of the buckets up to then; None while less than a day is known."""
    if len(history) < DAY:
        return None
    steps = int((now % BUCKET + ahead) // BUCKET) + 1
    return max(0.0, *forecast(history, steps)) / BUCKET


def _same_bucket(history: Sequence[int], season: int, step: int) -> float:
    """The mean of the same bucket in up to three seasons; of fewer where fewer are known."""
    places = [len(history) + step % season - back * season for back in (1, 2, 3)]
    return fmean(known) if (known := [history[place] for place in places if place >= 0]) else 0.0


def _level(history: Sequence[int], season: int, window: int = 8) -> float:
    """How the last two hours compare with the same hours a season before: between a half and the double."""
    before = history[-season - window : -season] if len(history) >= season + window else ()
    usual, lately = sum(before), sum(history[-window:])
    return min(2.0, max(0.5, lately / usual)) if usual >= window else 1.0
