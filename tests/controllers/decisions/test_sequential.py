"""The error rates that a rollout states hold over 200 seeded trials, however often one looks; the naive rule's don't."""

import math
import sys
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from flowscale_controllers.decisions.analysis import compare, findings
from flowscale_controllers.decisions.evidence import Batch, Evidence, Totals
from flowscale_controllers.decisions.sequential import failures_above, more_failures
from flowscale_specs import ResolvedMetric, ResolvedRollout

TRIALS, LOOKS = 200, 30
PRICE = 3_600_000_000  # a dollar a second
ALLOWED = TRIALS * 0.05 + 2 * math.sqrt(TRIALS * 0.05 * 0.95)  # two standard deviations above 5 %


def rollout(*metrics: ResolvedMetric, **fields: float) -> ResolvedRollout:
    return ResolvedRollout(
        mode="canary",
        steps=(10.0,),
        interval=600.0,
        runs=20,
        metrics=metrics,
        error_rate=fields.get("error_rate", 0.5),
        confidence=0.95,
        automatic=True,
    )


def batches(
    seed: int, rate: float, seconds: float, looks: int = LOOKS, score: float = 0.8
) -> Iterator[Batch]:
    """Runs of both releases: 1 % of the old one's fail, they take 1 s (exponential), and score 0.8."""
    rng = np.random.default_rng(seed)
    for _ in range(looks):
        old, new = int(rng.poisson(45)) + 1, int(rng.poisson(15)) + 5
        yield Batch(part(rng, old, 0.01, 1.0, 0.8), part(rng, new, rate, seconds, score))


def part(rng: np.random.Generator, runs: int, rate: float, seconds: float, score: float) -> Totals:
    return Totals(
        runs=runs,
        failures=int(rng.binomial(runs, rate)),
        seconds=float(rng.exponential(seconds, runs).sum()),
        score=float(rng.normal(score, 0.2, runs).sum()),
        scores=runs,
    )


def trips(policy: ResolvedRollout, found: list[Batch], every: bool = True) -> bool:
    """Whether a rollout that looks after each batch would ever go back."""
    looks = range(1, len(found) + 1) if every else [len(found)]
    return any(
        next(findings(Evidence(batches=tuple(found[:look])), policy, PRICE, (None, None)), None)
        for look in looks
    )


def naive(found: list[Batch], value: Callable[[Totals], float]) -> bool:
    """The usual rule: a two-sample z-test at 5 % after each batch, as if each look were the only one."""
    for look in range(1, len(found) + 1):
        sums = Evidence(batches=tuple(found[:look])).sums()
        old, new = value(sums.stable) / sums.stable.runs, value(sums.candidate) / sums.candidate.runs
        pooled = (value(sums.stable) + value(sums.candidate)) / (sums.stable.runs + sums.candidate.runs)
        spread = pooled * (1 - pooled) * (1 / sums.stable.runs + 1 / sums.candidate.runs)
        if spread > 0 and (new - old) / math.sqrt(spread) > 1.645:
            return True
    return False


def test_failures_alike_rarely_trip_it_and_the_naive_rule_often() -> None:
    alike = [list(batches(seed, rate=0.01, seconds=1.0)) for seed in range(TRIALS)]
    ours = sum(trips(rollout(), each) for each in alike)
    usual = sum(naive(each, lambda part: part.failures) for each in alike)
    sys.stdout.write(f"\nfalse alarms of {TRIALS}: sequential {ours}, naive {usual}\n")
    assert ours <= ALLOWED
    assert usual > ALLOWED


def test_five_percent_more_failures_are_caught() -> None:
    caught = sum(trips(rollout(), list(batches(seed, rate=0.06, seconds=1.0))) for seed in range(TRIALS))
    sys.stdout.write(f"\ncaught of {TRIALS}: {caught}\n")
    assert caught >= 0.95 * TRIALS


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("metric", ["latency-p50", "cost-per-run", "quality"])
def test_means_alike_rarely_trip_it(metric: str) -> None:
    policy = rollout(ResolvedMetric(name=metric, change=0.0))
    tripped = sum(
        trips(policy, list(batches(seed, rate=0.01, seconds=1.0, looks=40)), every=False)
        for seed in range(TRIALS)
    )
    sys.stdout.write(f"\nfalse alarms of {TRIALS} on {metric}: {tripped}\n")
    assert tripped <= ALLOWED


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_slower_and_worse_releases_are_caught() -> None:
    slow, poor = (rollout(ResolvedMetric(name=name, change=0.05)) for name in ("latency-p95", "quality"))
    caught = [
        sum(trips(slow, list(batches(seed, 0.01, seconds=1.4, looks=60)), every=False) for seed in range(50)),
        sum(
            trips(poor, list(batches(seed, 0.01, 1.0, looks=60, score=0.65)), every=False)
            for seed in range(50)
        ),
    ]
    sys.stdout.write(f"\ncaught of 50: slower {caught[0]}, worse {caught[1]}\n")
    assert min(caught) >= 45


def test_an_experiment_says_better_worse_or_open() -> None:
    policy = rollout(
        ResolvedMetric(name="quality", change=0.0), ResolvedMetric(name="latency-p50", change=0.0)
    )
    better = Evidence(batches=tuple(batches(1, 0.01, seconds=1.6, score=0.95)))
    assert [each.verdict for each in compare(better, policy, 0)] == ["better", "worse"]
    alike = Evidence(batches=tuple(batches(2, 0.01, seconds=1.0)))
    assert [each.verdict for each in compare(alike, policy, 0)] == ["open", "open"]


def test_no_failures_are_no_evidence() -> None:
    calm = [Batch(Totals(runs=90), Totals(runs=10))] * 20
    assert more_failures(calm) == pytest.approx(1.0)
    assert failures_above([each.candidate for each in calm], 0.05) < 1.0


def test_more_failures_are_more_evidence() -> None:
    values = [
        more_failures([Batch(Totals(runs=90, failures=1), Totals(runs=10, failures=n))]) for n in range(6)
    ]
    assert values == sorted(values)
    assert failures_above([Totals(runs=10, failures=1)], 0.0) == math.inf
