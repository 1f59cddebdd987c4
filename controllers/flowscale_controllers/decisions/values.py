"""What scaling knows and answers: plain frozen values. Times are seconds since the epoch, money is micro-dollars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowscale_specs import ResolvedScaling


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a deployment's queue holds now."""

    queued: int = 0
    running: int = 0
    oldest_queued_at: float | None = None
    service: float | None = None
    """Seconds that a run computes, on average; None while none has ended."""
    latency_p95: float | None = None
    """Seconds from submission to the end, of recent runs."""

    @property
    def work(self) -> int:
        """Runs that wait or compute."""
        return self.queued + self.running


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """The instances of a deployment: how many were asked for, and how many of them can take runs."""

    replicas: int = 0
    ready: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What scaling remembers from one decision to the next. It stands in the resource's status: a restart keeps it."""

    grew_at: float | None = None
    """When the number last grew."""
    surplus_since: float | None = None
    """Since when fewer would have done, without a break."""
    surplus_peak: int = 0
    """The most that was needed since then."""
    filling: bool = False
    """Whether a batch is being worked off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A number of instances that may not be passed, and what sets it."""

    instances: int
    reason: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """All that one decision is made of. `load` is None while the gateway isn't heard."""

    load: Load | None
    fleet: Fleet
    past: Past = Past()
    expected: float | None = None
    """Runs a second that are expected by the time that a new instance would be ready."""
    limits: tuple[Limit, ...] = ()
    """Bounds from outside of the scaling spec: budgets, GPUs that there aren't."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What is declared: the scaling of a deployment, and what an instance costs an hour."""

    scaling: ResolvedScaling
    price: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A number of instances that one trigger asks for, and why."""

    instances: int
    reason: str
    """One word, as conditions and Events have it."""
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A decision: how many instances, why, what to remember, and when to look again at the latest."""

    replicas: int
    reason: str
    message: str
    past: Past
    again_at: float | None = None
