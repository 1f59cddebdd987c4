"""What days to come will cost, from the days that were; its error is measured against repeating the last week."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

WEEK = 7
Method = Callable[[Sequence[float], int], list[float]]


@dataclass(frozen=True, slots=True)
class Forecast:
    """Amounts by day; the mean absolute error of a day, in the same unit, of this method and of the naive one.

    The errors are those that both methods made on the days that are known, each day forecast from the days before
    it; None where there are too few days to tell.
    """

    days: list[float]
    method: str
    error: float | None
    naive_error: float | None


def last_week(history: Sequence[float], horizon: int) -> list[float]:
    """Each day as its weekday was a week before: the seasonal-naive forecast."""
    season = [*[0.0] * (WEEK - len(history)), *history[-WEEK:]]
    return [season[day % WEEK] for day in range(horizon)]


def weekday_means(history: Sequence[float], horizon: int, weeks: int = 4) -> list[float]:
    """Each day as its weekday was on average in the last weeks."""
    means = [fmean(history[-WEEK + day :: -WEEK][:weeks] or [0.0]) for day in range(WEEK)]
    return [means[day % WEEK] for day in range(horizon)]


def recent_level(history: Sequence[float], horizon: int) -> list[float]:
    """Every day as the last week was on average: for spending without weekdays."""
    return [fmean(history[-WEEK:] or [0.0])] * horizon


METHODS: dict[str, Method] = {
    "last_week": last_week,
    "weekday_means": weekday_means,
    "recent_level": recent_level,
}


def forecast(history: Sequence[float], horizon: int) -> Forecast:
    """The forecast of the method that would have been best so far; without a past of two weeks the simplest."""
    errors = {name: backtest(method, history) for name, method in METHODS.items()}
    known = {name: error for name, error in errors.items() if error is not None}
    best = min(known, key=lambda name: known[name]) if known else "recent_level"
    return Forecast(METHODS[best](history, horizon), best, errors[best], errors["last_week"])


def backtest(method: Method, history: Sequence[float], horizon: int = WEEK) -> float | None:
    """The mean absolute error of a day over forecasts of a week, made from each day on that has a week before it."""
    origins = range(WEEK, len(history) - horizon + 1)
    wrong = [
        abs(said - was)
        for origin in origins
        for said, was in zip(
            method(history[:origin], horizon), history[origin : origin + horizon], strict=True
        )
    ]
    return fmean(wrong) if wrong else None
