"""A discrete-event simulation of one deployment: the same decisions as in a cluster, on the time of a trace."""

from __future__ import annotations

import heapq
import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flowscale_controllers.decisions import budgets, forecast
from flowscale_controllers.decisions.scaling import decide
from flowscale_controllers.decisions.values import Fleet, Load, Observed, Past, Policy
from flowscale_controllers.rehearsal.instances import Instance, Instances
from flowscale_controllers.rehearsal.periods import period_start
from flowscale_controllers.rehearsal.results import Outcome, Point, outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowscale_controllers.rehearsal.traces import Arrival
    from flowscale_specs import ResolvedBudget, ResolvedDeployment

COALESCED = 0.1
"""Seconds between two decisions at least: the gateway tells of changes no more often."""
AFTERWARDS = 86400.0
"""Seconds after the last arrival in which runs may end and instances go."""
RECENT = 100
"""Runs that the 95th percentile of answers is taken over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What a trace doesn't say."""

    cold_start: float = 45.0
    """Seconds from the start of an instance until it takes runs."""
    seconds: float = 10.0
    """Seconds that a run computes, where the trace is silent."""
    speed: float = 1.0
    """How much faster runs compute than when the trace was recorded."""


@dataclass(slots=True)
class _Waiting:
    at: float
    seconds: float


@dataclass(slots=True)
class Simulation:
    """The state of a deployment in the middle of a trace."""

    deployment: ResolvedDeployment
    assumptions: Assumptions
    held_to: tuple[ResolvedBudget, ...] = ()
    now: float = 0.0
    queue: deque[_Waiting] = field(default_factory=deque)
    running: int = 0
    past: Past = field(default_factory=Past)
    waits: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    cold: int = 0
    refused: int = 0
    points: list[Point] = field(default_factory=list)
    buckets: list[int] = field(default_factory=list)
    _events: list[tuple[float, int, str, Any]] = field(default_factory=list)
    _serial: int = 0
    _decide_at: float = math.inf
    _decided_at: float = -math.inf
    computed: float = 0.0
    _spent: dict[str, tuple[float, float]] = field(default_factory=dict)
    _bucket: float = 0.0
    instances: Instances = field(init=False)
    policy: Policy = field(init=False)

    def __post_init__(self) -> None:
        self.instances = Instances(self.assumptions.cold_start)
        self.policy = Policy(scaling=self.deployment.scaling, price=self.deployment.gpu.price)

    def run(self, arrivals: Sequence[Arrival]) -> Outcome:
        """Replays the arrivals, and goes on until the last run has ended and instances may have gone."""
        started = self.now = self._bucket = arrivals[0].at
        for arrival in arrivals:
            while self._next() <= arrival.at:
                self._step()
            self.now = arrival.at
            self._arrive(arrival)
        latest = arrivals[-1].at + AFTERWARDS
        while self._next() <= latest and not self._settled():
            self._step()
        return outcome(self, started, self.now)

    def _next(self) -> float:
        """When something happens next."""
        return min(self._events[0][0] if self._events else math.inf, self._decide_at)

    def _step(self) -> None:
        """Lets the next thing happen."""
        self.now = self._next()
        if self._decide_at <= self.now:
            self._decide()
            return
        _, _, what, thing = heapq.heappop(self._events)
        if what == "open":
            self._open(thing)
        else:
            self._end(thing)

    def _settled(self) -> bool:
        """Whether all runs have ended and no instance is above the least number."""
        idle = not self.queue and not self.running
        return idle and self.instances.wanted <= self.policy.scaling.min + self.policy.scaling.warm

    def _arrive(self, arrival: Arrival) -> None:
        self._count(arrival.at)
        if len(self.queue) >= self.deployment.limits.queue:
            self.refused += 1
            return
        seconds = self.assumptions.seconds if arrival.seconds is None else arrival.seconds
        self.queue.append(_Waiting(arrival.at, seconds / self.assumptions.speed))
        self._assign()

    def _open(self, instance: Instance) -> None:
        self.instances.open(instance)
        self._assign()

    def _end(self, done: tuple[Instance, _Waiting]) -> None:
        instance, run = done
        self.running -= 1
        self.computed += run.seconds
        self.answers.append(self.now - run.at)
        self.instances.free(instance, self.now)
        self._assign()

    def _assign(self) -> None:
        """Gives waiting runs to free instances."""
        while self.queue and (instance := self.instances.take()) is not None:
            run = self.queue.popleft()
            self.waits.append(self.now - run.at)
            self.cold += instance.fresh and run.at < instance.ready_at
            self.running += 1
            self._later(self.now + run.seconds, "end", (instance, run))
        self._decide_at = min(self._decide_at, max(self.now, self._decided_at + COALESCED))

    def _decide(self) -> None:
        fleet = Fleet(replicas=self.instances.wanted, ready=self.instances.ready)
        wanted = decide(self._observed(fleet), self.policy, self.now)
        self.past, self._decided_at = wanted.past, self.now
        self._decide_at = math.inf if wanted.again_at is None else wanted.again_at
        for instance in self.instances.resize(wanted.replicas, self.now):
            self._later(instance.ready_at, "open", instance)
        self.points.append(Point(self.now, len(self.queue), self.running, wanted.replicas))

    def _observed(self, fleet: Fleet) -> Observed:
        load = Load(
            queued=len(self.queue),
            running=self.running,
            service=self.computed / len(self.answers) if self.answers else self.assumptions.seconds,
            latency_p95=self._recent() if self.policy.scaling.latency is not None else None,
        )
        return Observed(
            load=load, fleet=fleet, past=self.past, expected=self._expected(), limits=self._limits()
        )

    def _recent(self) -> float | None:
        """The 95th percentile of the last answers, as the gateway reports it."""
        last = sorted(self.answers[-RECENT:])
        return last[math.ceil(len(last) * 0.95) - 1] if last else None

    def _count(self, at: float) -> None:
        while self._bucket + forecast.BUCKET <= at:
            self.buckets.append(0)
            self._bucket += forecast.BUCKET
        if not self.buckets:
            self.buckets.append(0)
        self.buckets[-1] += 1

    def _expected(self) -> float | None:
        if not self.policy.scaling.predictive:
            return None
        history = self.buckets[:-1]
        return forecast.rate(forecast.naive(history), history, self.now, self.assumptions.cold_start)

    def _limits(self) -> tuple[Any, ...]:
        price, scaling = self.policy.price, self.policy.scaling
        if not self.held_to or not price:
            return ()
        total = self.instances.total(self.now) * price / budgets.HOUR
        pairs = [(self._ledger(budget, total), _rule(budget)) for budget in self.held_to]
        return budgets.bounds(pairs, price, scaling.idle_timeout)

    def _ledger(self, budget: ResolvedBudget, total: float) -> budgets.Ledger:
        start = period_start(budget.period, self.now)
        known, before = self._spent.get(budget.name, (start, 0.0))
        if known != start:
            before = total
        self._spent[budget.name] = (start, before)
        return budgets.Ledger(name=budget.name, limit=budget.limit, spent=int(total - before))

    def _later(self, at: float, what: str, thing: Any) -> None:
        self._serial += 1
        heapq.heappush(self._events, (at, self._serial, what, thing))


def _rule(budget: ResolvedBudget) -> budgets.Rule:
    return budgets.Rule(alerts=budget.alerts, exceeded=budget.exceeded)
