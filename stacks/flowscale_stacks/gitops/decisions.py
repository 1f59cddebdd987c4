"""What git sync does next: a pure function of what it has seen and of the time.

wait ──► a new commit, or time to try again ──► reconcile ──► done: remember it as good
  ▲                                                 │
  │      time to look for drift ──► heal            └──► failed: restore the last good commit, back off
  └──────────────────────────────────────────────────────────────────────────────────────────────┘
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How patient git sync is, in seconds."""

    heal: float = 600.0
    """From the end of one comparison with the cluster to the next; 0 for never."""
    first: float = 5.0
    """Before the first new try."""
    longest: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What git sync remembers between two looks."""

    good: str | None = None
    """The last commit that was reconciled whole."""
    applied: str | None = None
    """The commit that the cluster is in the middle of, or at."""
    failed: str | None = None
    """The last commit that did not work out."""
    tries: int = 0
    """How often in a row it did not."""
    again_at: float | None = None
    """When to try it again; None where only another commit may help."""
    looked_at: float = 0.0
    """When the cluster was last made to be what git says, or compared."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before `until`, unless git moves."""

    until: float


@dataclass(frozen=True, slots=True)
class Reconcile:
    """Make the cluster what this commit says."""

    commit: str


@dataclass(frozen=True, slots=True)
class Restore:
    """Make the cluster what the last good commit said."""

    commit: str


@dataclass(frozen=True, slots=True)
class Heal:
    """Compare, and undo what others changed."""

    commit: str


Action = Wait | Reconcile | Restore | Heal


def next_action(head: str, memory: Memory, rhythm: Rhythm, now: float) -> Action:
    """What to do, now that the branch is at `head`."""
    if head not in (memory.good, memory.failed):
        return Reconcile(head)
    if head == memory.failed:
        return _after_failure(head, memory, rhythm, now)
    if rhythm.heal and now >= memory.looked_at + rhythm.heal:
        return Heal(head)
    return Wait(memory.looked_at + rhythm.heal if rhythm.heal else float("inf"))


def _after_failure(head: str, memory: Memory, rhythm: Rhythm, now: float) -> Action:
    if memory.good is not None and memory.applied != memory.good:
        return Restore(memory.good)
    if memory.again_at is not None and now >= memory.again_at:
        return Reconcile(head)
    if memory.good is not None and rhythm.heal and now >= memory.looked_at + rhythm.heal:
        return Heal(memory.good)
    return Wait(memory.again_at if memory.again_at is not None else float("inf"))


def succeeded(memory: Memory, commit: str, now: float) -> Memory:
    """After a reconciliation that worked out."""
    return replace(memory, good=commit, applied=commit, failed=None, tries=0, again_at=None, looked_at=now)


def restored(memory: Memory, now: float) -> Memory:
    """After the last good commit was put back, or healed; what failed stays failed."""
    return replace(memory, applied=memory.good, looked_at=now)


def failed(memory: Memory, commit: str, again_at: float | None, *, touched: bool) -> Memory:
    """After a reconciliation that did not work out; `touched`: the cluster may be half-way."""
    tries = memory.tries + 1 if memory.failed == commit else 1
    applied = commit if touched else memory.applied
    return replace(memory, failed=commit, tries=tries, again_at=again_at, applied=applied)


def troubled(memory: Memory, now: float, rhythm: Rhythm) -> Memory:
    """After restoring or healing that did not work out: looked at again after a while."""
    return replace(memory, applied=memory.good, looked_at=now, again_at=memory.again_at or now + rhythm.first)
