"""How many instances a deployment should have: (observed, policy, now) → wanted.

What holds for every decision (property-tested):
- never above `max`, what `cost` pays for, or a limit from outside (budget, GPUs that there are), never below 0;
- never 0 while work waits, unless one of those bounds is 0;
- it shrinks only when fewer would have done for `idleTimeout` without a break, and not within `cooldown` of a growth,
  and then to the most that was needed in that time; only bounds shrink it at once;
- while the gateway isn't heard, nothing changes but by bounds.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flowscale_controllers.decisions import triggers, windows
from flowscale_controllers.decisions.values import Ask, Limit, Past, Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowscale_controllers.decisions.values import Load, Observed, Policy
    from flowscale_specs import ResolvedScaling


def decide(observed: Observed, policy: Policy, now: float) -> Wanted:
    """The number of instances that the deployment should have now."""
    scaling, past, current = policy.scaling, observed.past, observed.fleet.replicas
    bound = min(limits(observed, policy), key=lambda limit: limit.instances)
    if observed.load is None and scaling.mode != "fixed":
        held = Ask(instances=current, reason="NoNews", message="the gateway isn't heard: nothing changes")
        return _bounded(held, bound, past, None)
    filling = _filling(observed.load, scaling, past)
    ask = need(observed, policy, filling, now)
    ask = _with_reserve(ask, scaling)
    ask = ask if ask.instances <= bound.instances else _cut(ask, bound)
    past = past if past.filling == filling else replace(past, filling=filling)
    steady, remembered, again = _steady(ask, past, scaling, current, now)
    change = windows.next_change(scaling.schedule, now)
    again = min((moment for moment in (again, change) if moment is not None), default=None)
    return _bounded(steady, bound, remembered, again)


def need(observed: Observed, policy: Policy, filling: bool, now: float) -> Ask:
    """What is needed, before reserve, bounds and steadiness."""
    load, scaling = observed.load, policy.scaling
    if scaling.mode == "fixed" or load is None:
        return Ask(instances=scaling.max, reason="Fixed", message=f"a fixed number of {scaling.max}")
    if scaling.mode == "auto":
        return _most(triggers.asks(observed, load, scaling, now))
    standing = [*triggers.standing(scaling, now), *triggers.work(load)]
    if scaling.mode == "on-demand" or filling:
        reason = "Batch" if filling else "OnDemand"
        standing.append(Ask(instances=load.work, reason=reason, message=f"{load.work} runs to do"))
    return _most(standing)


def limits(observed: Observed, policy: Policy) -> Iterator[Limit]:
    """Every bound on the number; none of them is ever passed."""
    most, cost = policy.scaling.max, policy.scaling.cost
    yield Limit(instances=most, reason="Maximum", message=f"max is {most}")
    if cost is not None and policy.price:
        paid = cost // policy.price
        yield Limit(instances=paid, reason="Cost", message=f"scaling.cost pays for {paid}")
    yield from observed.limits


def _most(found: Iterator[Ask] | list[Ask]) -> Ask:
    """The ask for most; of equal ones the first."""
    return max(found, key=lambda ask: ask.instances)


def _filling(load: Load | None, scaling: ResolvedScaling, past: Past) -> bool:
    """Whether a batch is worked off: from a long queue on, until nothing waits."""
    if scaling.mode != "batch" or load is None:
        return False
    return load.queued >= scaling.queue_depth or (past.filling and load.queued > 0)


def _with_reserve(ask: Ask, scaling: ResolvedScaling) -> Ask:
    if not scaling.warm or scaling.mode == "fixed":
        return ask
    message = f"{ask.message}, and {scaling.warm} in reserve"
    return replace(ask, instances=ask.instances + scaling.warm, message=message)


def _cut(ask: Ask, bound: Limit) -> Ask:
    message = f"{bound.message}; without that {ask.instances}: {ask.message}"
    return Ask(instances=bound.instances, reason=bound.reason, message=message)


def _steady(
    ask: Ask, past: Past, scaling: ResolvedScaling, current: int, now: float
) -> tuple[Ask, Past, float | None]:
    """The ask, or the current number where it is too early to shrink; what to remember; when it may shrink."""
    if ask.instances > current:
        return ask, replace(_needed(past), grew_at=now), None
    if ask.instances == current:
        return ask, _needed(past), None
    since = now if past.surplus_since is None else past.surplus_since
    peak = max(ask.instances, past.surplus_peak if past.surplus_since is not None else 0)
    allowed = _shrinks_at(scaling, since, past.grew_at)
    if now >= allowed:
        message = ask.message if peak == ask.instances else f"{peak} were needed lately"
        shrunk = Ask(instances=min(peak, current), reason="Idle", message=message)
        return shrunk, _needed(past), None
    held = Ask(instances=current, reason="Waiting", message=f"{ask.instances} would do: {ask.message}")
    return held, replace(past, surplus_since=since, surplus_peak=peak), allowed


def _needed(past: Past) -> Past:
    """The past where nothing is too much."""
    return past if past.surplus_since is None else replace(past, surplus_since=None, surplus_peak=0)


def _shrinks_at(scaling: ResolvedScaling, since: float, grew_at: float | None) -> float:
    """The moment from which the number may shrink."""
    if scaling.mode == "on-demand" or scaling.mode == "fixed":
        return since
    grown = since if grew_at is None else grew_at + scaling.cooldown
    return max(since + scaling.idle_timeout, grown)


def _bounded(ask: Ask, bound: Limit, past: Past, again: float | None) -> Wanted:
    if ask.instances > bound.instances:
        ask = _cut(ask, bound)
    return Wanted(
        replicas=max(0, ask.instances), reason=ask.reason, message=ask.message, past=past, again_at=again
    )
