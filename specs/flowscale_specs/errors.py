"""Everything that can be wrong with specs, and where it was written.

The tree:

    SpecErrors          all that is wrong with a set of specs; holds one SpecError for each fault
    CanonicalError      a value that has no canonical bytes (not a number, a key that isn't text ...)
    Unpinned            a version that is to be deployed has no release yet
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class SpecError:
    """One fault: where it stands, what it is, and what to do about it."""

    path: Path
    line: int
    column: int
    pointer: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        what = f"{self.pointer}: {self.message}" if self.pointer else self.message
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.path}:{self.line}:{self.column}: {what}{hint}"


class SpecErrors(Exception):
    """All faults of a set of specs, in the order of files and lines."""

    def __init__(self, errors: Iterable[SpecError]) -> None:
        self.errors = tuple(sorted(set(errors), key=_place))
        super().__init__(self.errors)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


class CanonicalError(ValueError):
    """A value that has no canonical bytes."""


class Unpinned(Exception):
    """A version that is to be deployed has no release yet."""

    def __init__(self, workflow: str, version: str) -> None:
        self.workflow = workflow
        self.version = version
        super().__init__(
            f"{workflow} {version} has no release: run `flowscale pin` and commit flowscale.lock"
        )


def _place(error: SpecError) -> tuple[str, int, int, str, str, str]:
    return str(error.path), error.line, error.column, error.pointer, error.message, error.hint
