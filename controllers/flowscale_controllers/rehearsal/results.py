"""What a rehearsal tells: cost, waiting, answers, cold starts, and the course of it all."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowscale_controllers.rehearsal.simulation import Simulation


@dataclass(frozen=True, slots=True)
class Point:
    """The state after a decision."""

    at: float
    queued: int
    running: int
    instances: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A rehearsal in numbers. Cost is in dollars, times are seconds."""

    runs: int
    refused: int
    unfinished: int
    """Runs that had no answer a day after the last arrival."""
    cost: float
    cost_per_1000: float
    wait_p50: float
    wait_p95: float
    answer_p50: float
    answer_p95: float
    cold_starts: int
    """Runs that waited for an instance to start."""
    most_instances: int
    changes: int
    """How often the number of instances changed."""
    hours: float
    """Hours that instances were there."""
    busy: float
    """The part of those hours in which they computed."""
    points: tuple[Point, ...]

    def numbers(self) -> dict[str, Any]:
        """All but the course."""
        return {name: value for name, value in asdict(self).items() if name != "points"}


def outcome(simulation: Simulation, started: float, ended: float) -> Outcome:
    """What a simulation brought between two moments."""
    seconds = simulation.instances.total(ended)
    cost = seconds / 3600 * simulation.policy.price / 1_000_000
    answers, waits, points = sorted(simulation.answers), sorted(simulation.waits), simulation.points
    counts = [point.instances for point in points]
    return Outcome(
        runs=len(answers),
        refused=simulation.refused,
        unfinished=len(simulation.queue) + simulation.running,
        cost=cost,
        cost_per_1000=cost / len(answers) * 1000 if answers else 0.0,
        wait_p50=percentile(waits, 50),
        wait_p95=percentile(waits, 95),
        answer_p50=percentile(answers, 50),
        answer_p95=percentile(answers, 95),
        cold_starts=simulation.cold,
        most_instances=max(counts, default=0),
        changes=sum(a != b for a, b in pairwise(counts)) + bool(counts and counts[0]),
        hours=seconds / 3600,
        busy=simulation.computed / seconds if seconds else 0.0,
        points=tuple(points),
    )


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The value that so many percent of the values, in order, don't pass; 0 of nothing."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)] if ordered else 0.0
