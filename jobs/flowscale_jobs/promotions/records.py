"""What a promotion is about and how far it is, kept so that it waits for people without a process."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from flowscale_jobs.places import Place

FILE = "promotion.json"
Releases = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Entry:
    """One step that was done in a stage. `state`: passed, failed, waiting."""

    stage: str
    step: str
    state: str
    at: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """`moved` has the releases that each stage got, `before` those that it had."""

    id: str
    promotion: str
    begun_at: float
    state: str = "running"
    moved: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    before: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()

    def passed(self, stage: str, step: str) -> bool:
        """Whether a step is behind us."""
        return any((one.stage, one.step, one.state) == (stage, step, "passed") for one in self.entries)

    def noted(self, entry: Entry) -> Self:
        """The record with one more entry; a step that waited before has only its newest entry."""
        kept = tuple(
            one
            for one in self.entries
            if (one.stage, one.step, one.state) != (entry.stage, entry.step, "waiting")
        )
        return replace(self, entries=(*kept, entry))

    @classmethod
    def from_json(cls, written: dict[str, Any]) -> Self:
        return cls(**{**written, "entries": tuple(Entry(**one) for one in written["entries"])})


def load(place: Place) -> Record | None:
    """The promotion that a place is about."""
    written = place.read_json(FILE)
    return None if written is None else Record.from_json(written)


def save(place: Place, record: Record) -> None:
    """Keeps a promotion."""
    place.write_json(FILE, asdict(record))
