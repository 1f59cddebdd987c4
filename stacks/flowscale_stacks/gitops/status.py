"""What git sync says of itself, and who is told: one value, several listeners."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

State = Literal["reconciling", "ready", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Where git sync stands with one commit."""

    state: State
    commit: str
    """The commit that this is about."""
    message: str
    at: float
    """Seconds since 1970."""
    good: str | None = None
    """The last commit that was reconciled whole."""
    tries: int = 0
    seconds: float | None = None
    """How long it took."""
    healed: int = 0
    """Objects that others had changed, and that were put right."""

    def to_json(self) -> dict[str, object]:
        return asdict(self)


class Listener(Protocol):
    """Whoever wants to know."""

    def hear(self, status: Status) -> None: ...


@dataclass(frozen=True, slots=True)
class Everyone:
    """Tells several listeners."""

    listeners: tuple[Listener, ...]

    @classmethod
    def of(cls, listeners: Iterable[Listener | None]) -> Everyone:
        return cls(tuple(each for each in listeners if each is not None))

    def hear(self, status: Status) -> None:
        for listener in self.listeners:
            listener.hear(status)
