"""The instances of a simulated deployment: they start, take runs one at a time, and go when they aren't wanted."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Instance:
    """One instance. `ready_at` is when its cold start ends."""

    number: int
    started_at: float
    ready_at: float
    busy: bool = False
    leaving: bool = False
    """It ends with the run that it computes."""
    fresh: bool = True
    """It has taken no run yet."""


@dataclass(slots=True)
class Instances:
    """All instances of a deployment, and the seconds of those that are gone."""

    cold_start: float
    alive: dict[int, Instance] = field(default_factory=dict)
    seconds: float = 0.0
    started: int = 0
    _idle: list[int] = field(default_factory=list)

    @property
    def wanted(self) -> int:
        """How many are there and stay."""
        return sum(not instance.leaving for instance in self.alive.values())

    @property
    def ready(self) -> int:
        """How many stay and have started."""
        waiting = sum(1 for instance in self.alive.values() if instance.busy and not instance.leaving)
        return waiting + len(self._idle)

    def resize(self, replicas: int, now: float) -> list[Instance]:
        """Starts or ends instances; those that are started come back, ready at their `ready_at`."""
        staying = self.wanted
        if replicas >= staying:
            return [self._start(now) for _ in range(replicas - staying)]
        for instance in self._least_useful()[: staying - replicas]:
            if instance.busy:
                instance.leaving = True
            else:
                self._end(instance, now)
        return []

    def open(self, instance: Instance) -> None:
        """Its cold start has ended."""
        if instance.number in self.alive:
            heapq.heappush(self._idle, instance.number)

    def take(self) -> Instance | None:
        """An instance for a run: the oldest that is free."""
        while self._idle:
            instance = self.alive.get(heapq.heappop(self._idle))
            if instance is not None:
                instance.busy = True
                return instance
        return None

    def free(self, instance: Instance, now: float) -> None:
        """Its run has ended."""
        instance.busy = instance.fresh = False
        if instance.leaving:
            self._end(instance, now)
        else:
            heapq.heappush(self._idle, instance.number)

    def total(self, now: float) -> float:
        """Seconds of all instances so far."""
        return self.seconds + sum(now - instance.started_at for instance in self.alive.values())

    def _start(self, now: float) -> Instance:
        instance = Instance(self.started, now, now + self.cold_start)
        self.started += 1
        self.alive[instance.number] = instance
        return instance

    def _end(self, instance: Instance, now: float) -> None:
        self.seconds += now - instance.started_at
        del self.alive[instance.number]
        if instance.number in self._idle:
            self._idle.remove(instance.number)
            heapq.heapify(self._idle)

    def _least_useful(self) -> list[Instance]:
        """First those that start still, then idle ones, then busy ones; the youngest first."""
        staying = (instance for instance in self.alive.values() if not instance.leaving)
        idle = set(self._idle)
        return sorted(staying, key=lambda one: (one.busy, one.number in idle, -one.number))
