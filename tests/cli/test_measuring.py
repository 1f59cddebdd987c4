"""What a bench tells."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowscale.exceptions import FlowScaleNetworkError, FlowScaleRunFailedError
from flowscale_cli.measuring import Measured, Sample, latency, measure, summary


class Finished(dict[str, Any]):
    """A run as the client hands it out."""

    execution_time, cost = 0.5, 0.002


def test_runs_are_measured_one_by_one() -> None:
    ticks = itertools.count()
    measured = measure(lambda: Finished(cached=True), runs=3, concurrency=1, clock=lambda: float(next(ticks)))  # type: ignore[arg-type, return-value]
    assert [sample.seconds for sample in measured.samples] == [1.0, 1.0, 1.0]
    assert measured.seconds == 7.0
    assert summary(measured)["cached"] == 3


def test_a_summary_adds_up() -> None:
    told = summary(
        Measured((Sample(1.0, 0.5, 0.002), Sample(3.0, 0.7, 0.004), Sample(9.0, error="boom")), 4.0)
    )
    assert (told["runs"], told["completed"], told["failed"], told["cached"]) == (3, 2, 1, 0)
    assert (told["runs_per_second"], told["cost"]) == (0.5, pytest.approx(0.006))
    assert told["cost_per_1000"] == pytest.approx(3.0)
    assert told["computing"] == pytest.approx(0.6)
    assert told["latency"]["max"] == 3.0  # runs that failed don't count
    assert told["errors"] == [{"message": "boom", "count": 1}]


def test_the_same_fault_of_many_runs_is_one_line() -> None:
    numbers = itertools.count()

    def fail() -> Any:
        run_id = f"run-{next(numbers)}"
        raise FlowScaleRunFailedError(f"run {run_id} failed: no memory", run_id=run_id)

    told = summary(measure(fail, runs=4, concurrency=2))
    assert told["errors"] == [{"message": "run failed: no memory", "count": 4}]
    assert told["latency"] == {}
    assert (told["completed"], told["cost_per_1000"]) == (0, 0.0)


def test_without_a_server_there_is_nothing_to_measure() -> None:
    def fail() -> Any:
        raise FlowScaleNetworkError("refused")

    with pytest.raises(FlowScaleNetworkError):
        measure(fail, runs=2, concurrency=1)


def test_percentiles_are_known() -> None:
    told = latency([float(number) for number in range(101)])
    assert (told["mean"], told["min"], told["max"]) == (50.0, 0.0, 100.0)
    assert (told["p50"], told["p90"], told["p95"], told["p99"]) == pytest.approx((50.0, 90.0, 95.0, 99.0))


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=50))
def test_percentiles_are_in_order(seconds: list[float]) -> None:
    told = latency(seconds)
    ordered = [told[name] for name in ("min", "p50", "p90", "p95", "p99", "max")]
    assert all(low <= high + 1e-9 for low, high in itertools.pairwise(ordered))
