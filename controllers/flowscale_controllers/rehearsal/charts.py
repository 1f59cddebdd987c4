"""A picture of a rehearsal: the course of the spec, and cost against waiting of every alternative."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from flowscale_controllers.rehearsal.results import Outcome

MOST_POINTS = 4000


def draw(path: Path, title: str, outcomes: Sequence[tuple[str, Outcome]]) -> None:
    """Writes the picture; the ending of the path says whether PNG, SVG or PDF. The first outcome is the spec."""
    from matplotlib.figure import Figure  # heavy, and no window is wanted

    figure = Figure(figsize=(10, 7.5), layout="constrained")
    above, below = figure.subplots(2, 1, height_ratios=(1, 1))
    figure.suptitle(title)
    _course(above, outcomes[0][1])
    _tradeoff(below, outcomes)
    figure.savefig(path, dpi=120)


def _course(axes: Axes, outcome: Outcome) -> None:
    step = max(1, len(outcome.points) // MOST_POINTS)
    points = outcome.points[::step]
    times = [point.at / 86400 for point in points]  # days since the epoch, as date axes count
    axes.xaxis_date("UTC")
    axes.step(times, [point.instances for point in points], where="post", label="instances", color="tab:blue")
    axes.step(
        times, [point.running for point in points], where="post", label="running", color="tab:green", lw=0.7
    )
    axes.step(
        times, [point.queued for point in points], where="post", label="queued", color="tab:orange", lw=0.7
    )
    axes.set_ylabel("number")
    axes.legend(loc="upper right")
    axes.grid(alpha=0.3)


def _tradeoff(axes: Axes, outcomes: Sequence[tuple[str, Outcome]]) -> None:
    for number, (name, outcome) in enumerate(outcomes):
        axes.scatter(outcome.wait_p95, outcome.cost, color="tab:red" if number == 0 else "tab:blue", zorder=3)
        axes.annotate(
            name or "the spec", (outcome.wait_p95, outcome.cost), xytext=(5, 4), textcoords="offset points"
        )
    axes.set_xlabel("95 % of runs waited at most (s)")
    axes.set_ylabel("cost ($)")
    axes.grid(alpha=0.3)
