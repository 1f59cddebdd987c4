"""The loop: look at git, decide, act, remember, tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from flowscale_stacks.gitops import decisions
from flowscale_stacks.gitops.decisions import Heal, Memory, Reconcile, Restore, Wait
from flowscale_stacks.gitops.delivering import FAILURES, backoff, patience, touched
from flowscale_stacks.gitops.errors import GitError
from flowscale_stacks.gitops.status import State, Status

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flowscale_stacks.gitops.decisions import Rhythm
    from flowscale_stacks.gitops.status import Listener


class Branch(Protocol):
    """What is followed."""

    def head(self) -> str: ...

    def checkout(self, commit: str, path: str) -> Path: ...

    def forget(self, keep: frozenset[str]) -> None: ...


class Deliverer(Protocol):
    """Where commits go."""

    def reconcile(self, folder: Path, message: str) -> int: ...

    def heal(self, folder: Path, message: str) -> int: ...


@dataclass(slots=True, kw_only=True)
class Follower:
    """Follows one folder of one branch into one environment."""

    branch: Branch
    path: str
    delivery: Deliverer
    listener: Listener
    rhythm: Rhythm
    clock: Callable[[], float]
    interval: float
    """Seconds between two looks at git."""
    memory: Memory = field(default_factory=Memory)
    _silences: int = 0

    def turn(self) -> float:
        """One look, and what follows from it; answers with the seconds until the next."""
        try:
            head = self.branch.head()
        except GitError as error:
            self._silences += 1
            self._tell("failed", self.memory.good or "", str(error))
            return max(self.interval, backoff(self._silences, self.rhythm))
        self._silences = 0
        match decisions.next_action(head, self.memory, self.rhythm, self.clock()):
            case Reconcile(commit):
                self._reconcile(commit)
            case Restore(commit):
                self._put_right(commit, "restored, because a later commit did not work out")
            case Heal(commit):
                self._put_right(commit, "compared with the cluster")
            case Wait():
                pass
        return self.interval

    def _reconcile(self, commit: str) -> None:
        self._tell("reconciling", commit, "reconciling")
        started = self.clock()
        try:
            count = self.delivery.reconcile(self.branch.checkout(commit, self.path), f"git {commit}")
        except FAILURES as error:
            self._failed(commit, error, self.clock() - started)
            return
        self.memory = decisions.succeeded(self.memory, commit, self.clock())
        self.branch.forget(frozenset({commit}))
        self._tell("ready", commit, f"{count} objects changed", seconds=self.clock() - started)

    def _put_right(self, commit: str, why: str) -> None:
        started = self.clock()
        work = self.delivery.heal if self.memory.applied == commit else self.delivery.reconcile
        try:
            count = work(self.branch.checkout(commit, self.path), f"git {commit}: {why}")
        except FAILURES as error:
            self.memory = decisions.troubled(self.memory, self.clock(), self.rhythm)
            self._tell("failed", commit, f"{why}: {error}", seconds=self.clock() - started)
            return
        healing = self.memory.applied == commit
        self.memory = decisions.restored(self.memory, self.clock())
        state: State = "failed" if self.memory.failed else "ready"
        self._tell(state, commit, f"{why}: {count} objects put right", healed=count if healing else 0)

    def _failed(self, commit: str, error: Exception, seconds: float) -> None:
        tries = self.memory.tries + 1 if self.memory.failed == commit else 1
        wait = patience(error, tries, self.rhythm)
        again_at = None if wait is None else self.clock() + wait
        self.memory = decisions.failed(self.memory, commit, again_at, touched=touched(error))
        self._tell("failed", commit, str(error), seconds=seconds)

    def _tell(
        self, state: State, commit: str, message: str, *, seconds: float | None = None, healed: int = 0
    ) -> None:
        self.listener.hear(
            Status(
                state=state,
                commit=commit,
                message=message,
                at=self.clock(),
                good=self.memory.good,
                tries=self.memory.tries,
                seconds=seconds,
                healed=healed,
            )
        )
