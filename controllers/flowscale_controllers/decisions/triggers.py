"""What asks for instances: each trigger is a function that never asks for less when there is more to do."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flowscale_controllers.decisions import windows
from flowscale_controllers.decisions.values import Ask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowscale_controllers.decisions.values import Load, Observed
    from flowscale_specs import ResolvedScaling

BUSY = 0.8
"""The part of an instance's time that forecasts plan with."""


def asks(observed: Observed, load: Load, scaling: ResolvedScaling, now: float) -> Iterator[Ask]:
    """Everything that asks for instances in mode `auto`."""
    yield from standing(scaling, now)
    yield from work(load)
    yield from queue(load, scaling)
    if scaling.latency is not None:
        yield from latency(load, scaling.latency)
        yield from slow(observed, load, scaling, now)
    if scaling.predictive:
        yield from forecast(observed.expected, load)


def standing(scaling: ResolvedScaling, now: float) -> Iterator[Ask]:
    """What always stands, and what stands at this hour."""
    yield Ask(instances=scaling.min, reason="Minimum", message=f"min is {scaling.min}")
    window = windows.least(scaling.schedule, now)
    if window:
        yield Ask(instances=window, reason="Schedule", message=f"a window of the schedule asks for {window}")


def work(load: Load) -> Iterator[Ask]:
    """An instance for whatever waits, and one for each run that computes."""
    if load.work:
        message = f"{load.running} running, {load.queued} queued"
        yield Ask(instances=max(load.running, 1), reason="Work", message=message)


def queue(load: Load, scaling: ResolvedScaling) -> Iterator[Ask]:
    """So many that no instance has more than `queueDepth` runs waiting for it."""
    if load.queued:
        message = f"{load.queued} queued, {scaling.queue_depth} an instance"
        yield Ask(
            instances=math.ceil(load.queued / scaling.queue_depth), reason="QueueDepth", message=message
        )


def latency(load: Load, target: float) -> Iterator[Ask]:
    """So many that whatever waits is answered in time, going by what runs take now."""
    if load.queued and load.service:
        needed = min(math.ceil(load.work * load.service / target), load.work) if target else load.work
        message = f"{load.work} runs of {load.service:.1f} s each are to be answered in {target:g} s"
        yield Ask(instances=needed, reason="ResponseTime", message=message)


def slow(observed: Observed, load: Load, scaling: ResolvedScaling, now: float) -> Iterator[Ask]:
    """One more where answers were too slow although all were at work; then `cooldown` to see what it brought."""
    target, measured, fleet = scaling.latency, load.latency_p95, observed.fleet
    if target is None or measured is None or measured <= target or not load.queued:
        return
    grew = observed.past.grew_at
    if fleet.ready >= fleet.replicas and (grew is None or now - grew >= scaling.cooldown):
        message = f"95% of runs took up to {measured:.1f} s, more than {target:g} s"
        yield Ask(instances=fleet.replicas + 1, reason="ResponseTime", message=message)
    else:
        yield Ask(
            instances=fleet.replicas, reason="ResponseTime", message="waiting for what the last step brings"
        )


def forecast(expected: float | None, load: Load) -> Iterator[Ask]:
    """Enough for the runs that are expected by the time that a new instance is ready."""
    if expected and load.service:
        needed = math.ceil(expected * load.service / BUSY - 1e-9)
        message = f"{expected * 60:.1f} runs a minute are expected, {load.service:.1f} s each"
        yield Ask(instances=needed, reason="Forecast", message=message)
