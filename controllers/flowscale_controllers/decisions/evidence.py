"""What two releases did side by side: counted in batches, so that it can be looked at as often as one likes."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST_BATCH = 5
"""Runs of the new release in a batch at least."""
MOST_BATCHES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a release did, ever or in a batch. Timed-out runs are failed ones."""

    runs: int = 0
    failures: int = 0
    seconds: float = 0.0
    score: float = 0.0
    scores: int = 0

    def __sub__(self, earlier: Totals) -> Totals:
        pairs = {each.name: getattr(self, each.name) - getattr(earlier, each.name) for each in fields(Totals)}
        return Totals(**pairs)

    def __add__(self, other: Totals) -> Totals:
        pairs = {each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(Totals)}
        return Totals(**pairs)


@dataclass(frozen=True, slots=True)
class Batch:
    """What both releases did in the same stretch of time."""

    stable: Totals
    candidate: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All batches of a rollout, and the totals at the end of the last one."""

    batches: tuple[Batch, ...] = ()
    stable: Totals = Totals()
    candidate: Totals = Totals()

    def observe(self, stable: Totals, candidate: Totals, *, close: bool = False) -> Evidence:
        """The evidence with what has happened since, once that is a batch; `close` takes what there is.

        How much is a batch depends on what came before it alone, never on how it turned out.
        """
        latest = Batch(stable - self.stable, candidate - self.candidate)
        if _restarted(latest):  # the gateway's counts began anew: they are taken from here on
            return Evidence(batches=self.batches, stable=stable, candidate=candidate)
        enough = max(LEAST_BATCH, self.runs // (MOST_BATCHES // 2))
        if latest.candidate.runs < (1 if close else enough):
            return self
        return Evidence(batches=(*self.batches, latest), stable=stable, candidate=candidate)

    @property
    def runs(self) -> int:
        """Runs of the new release in all batches."""
        return sum(batch.candidate.runs for batch in self.batches)

    def sums(self) -> Batch:
        """All batches as one."""
        return Batch(total([b.stable for b in self.batches]), total([b.candidate for b in self.batches]))


def total(parts: Sequence[Totals]) -> Totals:
    """The sum of totals."""
    found = Totals()
    for part in parts:
        found = found + part
    return found


def _restarted(latest: Batch) -> bool:
    return latest.stable.runs < 0 or latest.candidate.runs < 0
