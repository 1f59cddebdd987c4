"""Measuring runs: many at a time, then what they took and cost."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import fmean, quantiles
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowscale import Run


@dataclass(frozen=True, slots=True)
class Sample:
    """One run: seconds from submission to its end, what the server says of it, or why it failed."""

    seconds: float
    computing: float = 0.0
    cost: float = 0.0
    cached: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """All runs, and the seconds that they took together."""

    samples: tuple[Sample, ...]
    seconds: float


def measure(
    execute: "Callable[[], Run]", runs: int, concurrency: int, clock: Callable[[], float] = time.perf_counter
) -> Measured:
    """Executes so many runs, at most `concurrency` at a time."""
    started = clock()
    with ThreadPoolExecutor(concurrency, thread_name_prefix="bench") as pool:
        samples = tuple(pool.map(lambda _: _sample(execute, clock), range(runs)))
    return Measured(samples, clock() - started)


def summary(measured: Measured) -> dict[str, Any]:
    """Latency in seconds of the runs that completed, runs a second, dollars, and what went wrong how often."""
    good = [sample for sample in measured.samples if not sample.error]
    errors = Counter(sample.error for sample in measured.samples if sample.error)
    cost = sum(sample.cost for sample in good)
    return {
        "runs": len(measured.samples),
        "completed": len(good),
        "failed": len(measured.samples) - len(good),
        "cached": sum(sample.cached for sample in good),
        "seconds": measured.seconds,
        "runs_per_second": len(good) / measured.seconds if measured.seconds else 0.0,
        "latency": latency([sample.seconds for sample in good]),
        "computing": fmean(sample.computing for sample in good) if good else 0.0,
        "cost": cost,
        "cost_per_1000": cost / len(good) * 1000 if good else 0.0,
        "errors": [{"message": message, "count": count} for message, count in errors.most_common()],
    }


def latency(seconds: Sequence[float]) -> dict[str, float]:
    """Mean, percentiles and extremes; nothing of nothing."""
    if not seconds:
        return {}
    cuts = quantiles(seconds, n=100, method="inclusive") if len(seconds) > 1 else [seconds[0]] * 99
    percentiles = {f"p{percent}": cuts[percent - 1] for percent in (50, 90, 95, 99)}
    return {"mean": fmean(seconds), "min": min(seconds), **percentiles, "max": max(seconds)}


def _sample(execute: "Callable[[], Run]", clock: Callable[[], float]) -> Sample:
    from flowscale.exceptions import FlowScaleAuthenticationError, FlowScaleError, FlowScaleNetworkError

    started = clock()
    try:
        run = execute()
    except (FlowScaleNetworkError, FlowScaleAuthenticationError):
        raise
    except FlowScaleError as error:
        return Sample(clock() - started, error=_without_ids(error))
    seconds = clock() - started
    return Sample(seconds, run.execution_time or 0.0, run.cost or 0.0, bool(run.get("cached")))


def _without_ids(error: Exception) -> str:
    """What went wrong, so that the same fault of many runs is one line."""
    run_id = getattr(error, "run_id", None)
    return str(error).replace(f"{run_id} ", "") if run_id else str(error)
