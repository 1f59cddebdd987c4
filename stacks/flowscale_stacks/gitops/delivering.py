"""A commit's specs into every target of an environment, and what a failure means for the next try."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tenacity import RetryCallState, Retrying, wait_exponential

from flowscale_specs import SpecErrors, load, resolve
from flowscale_stacks.gitops.errors import GitError, RepositoryUnreachable
from flowscale_stacks.operations import Choice, Operator
from flowscale_stacks.operations.errors import EngineFailed, OperationError, Refused, TryAgain
from flowscale_stacks.program import Source
from flowscale_stacks.reading.errors import ClusterUnreachable, CredentialsRefused, ReadingError
from flowscale_stacks.reading.targets import target_names

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from flowscale_stacks.gitops.decisions import Rhythm

FAILURES = (OperationError, ReadingError, SpecErrors, GitError)
"""All that a reconciliation may end in."""
_PASSING = (TryAgain, ClusterUnreachable, CredentialsRefused, RepositoryUnreachable)
"""What may pass by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Where commits go."""

    environment: str | None
    target: str | None
    choice: Choice
    images: Mapping[str, str] = field(default_factory=dict)

    def reconcile(self, folder: Path, message: str) -> int:
        """Makes every target what a folder says; answers with the number of changes. Raises one of FAILURES."""
        return sum(len(each.up(message).changes) for each in self._operators(folder))

    def heal(self, folder: Path, message: str) -> int:
        """Puts right what others changed; answers with the number of objects."""
        return sum(self._healed(each, message) for each in self._operators(folder))

    def _healed(self, operator: Operator, message: str) -> int:
        drifted = len(operator.drift().changes)
        if drifted:
            operator.up(message, refresh=True)
        return drifted

    def _operators(self, folder: Path) -> list[Operator]:
        project = resolve(load(folder), self.environment)
        names = (self.target,) if self.target else target_names(project)
        return [
            Operator(
                source=Source(folder=folder, environment=self.environment, target=name, images=self.images),
                choice=self.choice,
            )
            for name in names
        ]


def patience(error: Exception, tries: int, rhythm: Rhythm) -> float | None:
    """Seconds before the next try; None where only another commit may help."""
    if isinstance(error, _PASSING):
        return backoff(tries, rhythm)
    return rhythm.longest if isinstance(error, OperationError) else None


def backoff(tries: int, rhythm: Rhythm) -> float:
    """Seconds that double with every try, up to the longest."""
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = max(tries, 1)
    return float(wait_exponential(multiplier=rhythm.first, max=rhythm.longest)(state))


def touched(error: Exception) -> bool:
    """Whether the cluster may be half-way after this."""
    return isinstance(error, Refused | EngineFailed)
