"""What a run came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from .failures import NodeFailure
    from .listener import Ui

Status = Literal["completed", "failed", "interrupted"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a run; what was shown and timed before a failure is here too.

    `ui`: what nodes want shown, by node; `shown_as`: for expanded nodes among them, the node that they belong to.
    `seconds`: of nodes that ran. `cached`: nodes whose result was known. `blocked`: messages of blockers by node.
    """

    status: Status
    ui: dict[str, Ui] = field(default_factory=dict, repr=False)
    error: NodeFailure | None = None
    seconds: dict[str, float] = field(default_factory=dict, repr=False)
    cached: tuple[str, ...] = field(default=(), repr=False)
    shown_as: dict[str, str] = field(default_factory=dict, repr=False)
    blocked: dict[str, str] = field(default_factory=dict, repr=False)
    interrupted_at: str | None = None
