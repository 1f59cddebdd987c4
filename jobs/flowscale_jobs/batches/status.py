"""How far a batch is: counts, money, and whether somebody feeds it."""

from dataclasses import dataclass
from typing import Any

from flowscale_jobs.batches.journal import OPEN, Journal

FILE = "status.json"
CANCEL = "cancel"
LOST_AFTER = 30.0
"""Seconds of silence after which a feeder counts as dead: it writes every second."""
ENDED = frozenset({"completed", "failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class Status:
    """`state`: feeding, paused (it may go on: see `reason`), completed, failed (not all items completed), cancelled."""

    state: str
    counts: dict[str, int]
    cost: float
    seconds: float
    size: int | None
    at: float
    reason: str | None = None

    @property
    def done(self) -> int:
        """Items that ended, however they did."""
        return sum(count for state, count in self.counts.items() if state != OPEN)

    def to_json(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "reason": self.reason,
            "counts": self.counts,
            "done": self.done,
            "size": self.size,
            "cost": round(self.cost, 6),
            "seconds": round(self.seconds, 3),
            "at": self.at,
        }


def of(journal: Journal, state: str, size: int | None, at: float, reason: str | None = None) -> Status:
    """The status that a journal adds up to."""
    counts = {name: count for name, count in sorted(journal.counts.items()) if count}
    return Status(state, counts, journal.cost, journal.seconds, size, at, reason)


def shown(written: dict[str, Any] | None, now: float) -> dict[str, Any]:
    """A status as it is shown: a feeder that fell silent is told of."""
    if written is None:
        return {"state": "waiting", "counts": {}, "done": 0, "size": None, "cost": 0.0, "seconds": 0.0}
    if written["state"] == "feeding" and now - written["at"] > LOST_AFTER:
        return {**written, "state": "paused", "reason": "its feeder died: resume it"}
    return written
