"""Asking people: what was asked, who said what, and what follows from it. Pure but for the last two functions."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Self

from flowscale_jobs.errors import JobError
from flowscale_jobs.places import Place

FOLDER = "approvals"
LOOK = 1.0
"""Seconds between two looks at whether somebody decided."""
State = Literal["waiting", "approved", "rejected", "timed_out"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What one person said, and when (seconds since the epoch)."""

    by: str
    approved: bool
    at: float
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A question to people. `by` names who may answer, `required` how many of them must agree."""

    id: str
    message: str
    by: tuple[str, ...]
    required: int
    asked_at: float
    timeout: float
    criteria: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()

    def state(self, now: float) -> State:
        """What follows from the decisions: one rejection rejects, in time enough agreement approves."""
        in_time = [one for one in self.decisions if one.at < self.asked_at + self.timeout]
        if any(not one.approved for one in in_time):
            return "rejected"
        if len({one.by for one in in_time}) >= self.required:
            return "approved"
        return "timed_out" if now >= self.asked_at + self.timeout else "waiting"

    def decided(self, decision: Decision, groups: Sequence[str] = ()) -> Self:
        """The request with one more decision. Raises JobError where it isn't that person's to make, or too late.

        `groups` are the groups and roles that the person is in; who asked for the same thing twice counts once.
        """
        if not {decision.by, *groups} & set(self.by):
            raise JobError(f"{decision.by} may not decide on {self.id}: {', '.join(self.by)} may")
        if (state := self.state(decision.at)) != "waiting":
            raise JobError(f"{self.id} is {state.replace('_', ' ')} already")
        others = tuple(one for one in self.decisions if one.by != decision.by)
        return replace(self, decisions=(*others, decision))

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, written: dict[str, Any]) -> Self:
        lists = {"by": tuple(written["by"]), "criteria": tuple(written["criteria"])}
        return cls(
            **{**written, **lists, "decisions": tuple(Decision(**one) for one in written["decisions"])}
        )


def load(place: Place, name: str) -> Request | None:
    """A request that was asked in a place; None where it wasn't."""
    written = place.read_json(f"{FOLDER}/{name}.json")
    return None if written is None else Request.from_json(written)


def waiting(place: Place, now: float) -> list[tuple[str, Request]]:
    """The requests of a place that wait for people, by name."""
    names = [name.removeprefix(f"{FOLDER}/").removesuffix(".json") for name in place.names(FOLDER)]
    found = [(name, request) for name in names if (request := load(place, name)) is not None]
    return [(name, request) for name, request in found if request.state(now) == "waiting"]


def save(place: Place, name: str, request: Request) -> None:
    """Keeps a request, with its decisions."""
    place.write_json(f"{FOLDER}/{name}.json", request.to_json())
