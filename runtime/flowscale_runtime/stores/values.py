"""The values that pass between the stores and their users."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["queued", "running", "completed", "failed", "cancelled", "timed_out"]
TERMINAL = frozenset({"completed", "failed", "cancelled", "timed_out"})
SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class BudgetTerms:
    """A budget as it stands when a run asks for it: limit in micro-dollars, period as its start in microseconds.

    Names are unique among the budgets of an owner; `project` is the one that asks.
    """

    name: str
    owner: str
    project: str
    period: int
    limit: int
    alerts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A caller's key, the digest of what it sent, and until when (microseconds) the pair is kept."""

    key: str
    body: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class CacheTerms:
    """The content key of a run's answer, and since when (microseconds) an answer is fresh enough."""

    key: str
    since: int


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run as it is admitted. Times are microseconds, money is micro-dollars."""

    id: str
    project: str
    deployment: str
    workflow: str
    version: str
    release: str
    environment: str
    inputs: list[dict[str, Any]]
    output_names: Mapping[str, str]
    suffix: str
    timeout: float
    gpu: str
    price: int
    tries: int = 2
    team: str | None = None
    key_id: str | None = None
    group_id: str | None = None
    batch_id: str | None = None
    retry_of: str | None = None
    copy_of: str | None = None
    traceparent: str | None = None
    tags: Any = None
    priority: int = 0
    weight: int = 1
    webhooks: tuple[dict[str, Any], ...] = ()
    memory: int | None = None
    concurrency: int | None = None
    queue_limit: int | None = None
    expires_at: int | None = None
    cache: CacheTerms | None = None
    idempotency: Idempotency | None = None
    budgets: tuple[BudgetTerms, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """A durable event of a run."""

    run_id: str
    sequence: int
    type: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of a submission: a new run, or the one that an idempotency key names."""

    run_id: str
    number: int
    state: State
    output_names: Mapping[str, str]
    replayed: bool = False
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Claimed:
    """A run that a worker now holds, under a fence that its answers must carry."""

    run_id: str
    fence: int
    deployment: str
    release: str
    environment: str
    inputs: list[dict[str, Any]]
    timeout: float
    memory: int | None
    tries_left: int
    events: tuple[Event, ...] = ()
    created_at: int = 0
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that a node gave: its bytes by content in the object store."""

    node_id: str
    object: str
    extension: str
    content_type: str
    size: int
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended. `seconds` is the time on the GPU, `timings` seconds by node, `error` in the wire's shape,
    `trace` what nodes did and showed, where that was asked for."""

    state: Literal["completed", "failed", "timed_out"]
    seconds: float
    artifacts: tuple[Artifact, ...] = ()
    error: dict[str, Any] | None = None
    timings: Mapping[str, float] = field(default_factory=dict)
    log: str = ""
    trace: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What a write changed for others: events to tell, runs that may start now, budget alerts that fired."""

    events: tuple[Event, ...] = ()
    wake: bool = False


def cost(seconds: float, price: int) -> int:
    """Micro-dollars for seconds on a GPU of `price` micro-dollars an hour, rounded up."""
    return -int(-seconds * price // 3600)
