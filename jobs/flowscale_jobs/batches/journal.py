"""What happened to the items of a batch: pieces that are only ever added, so that a feeder may die at any moment."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from flowscale_jobs.places import Place

FOLDER = "journal"
OPEN = "submitted"


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of an item. `state` is `submitted`, the state in which its run ended, or `refused`."""

    key: str
    index: int
    state: str
    run_id: str | None = None
    error: dict[str, Any] | None = None
    outputs: tuple[dict[str, Any], ...] = ()
    cost: float = 0.0
    seconds: float = 0.0
    inputs: dict[str, Any] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        return self.state != OPEN


class Journal:
    """The journal of one batch in its place, and what it adds up to. `writer` names this feeder: no two share pieces."""

    def __init__(self, place: Place, writer: str) -> None:
        self._place, self._writer = place, writer
        self._fresh: list[Record] = []
        self._pieces = 0
        self.records: dict[str, Record] = {}
        self.counts: Counter[str] = Counter()
        self.cost = self.seconds = 0.0
        self.first_bad: Record | None = None

    def load(self, *, compact: bool = True) -> None:
        """Reads what earlier feeders wrote; to `compact` makes one piece of many."""
        names = self._place.names(FOLDER)
        contents = [self._place.read(name) for name in names]
        while None in contents:  # another feeder made one piece of them just now
            names = self._place.names(FOLDER)
            contents = [self._place.read(name) for name in names]
        for content in contents:
            for record in _read(content or b""):
                self._merge(record)
        if compact and len(names) > 1:
            self._write(f"{FOLDER}/{self._writer}-{0:08d}.jsonl", self.records.values())
            self._place.remove(names)

    def note(self, record: Record) -> None:
        """Remembers what happened; `flush` makes it last."""
        self._merge(record)
        self._fresh.append(record)

    def flush(self) -> None:
        """Writes what was noted since the last time."""
        if self._fresh:
            self._pieces += 1
            fresh, self._fresh = self._fresh, []
            self._write(f"{FOLDER}/{self._writer}-{self._pieces:08d}.jsonl", fresh)

    def ended(self) -> list[Record]:
        """All items that ended, in the order of the batch."""
        return sorted((one for one in self.records.values() if one.ended), key=lambda one: one.index)

    def open(self) -> list[Record]:
        """Items whose runs go on."""
        return [one for one in self.records.values() if not one.ended]

    def _merge(self, record: Record) -> None:
        before = self.records.get(record.key)
        if before is not None and before.ended:
            return
        if before is not None:
            self.counts[before.state] -= 1
        self.records[record.key] = record
        self.counts[record.state] += 1
        self.cost += record.cost
        self.seconds += record.seconds
        if record.ended and record.state != "completed":
            self.first_bad = self.first_bad or record

    def _write(self, name: str, records: Iterable[Record]) -> None:
        text = "".join(json.dumps(asdict(one), ensure_ascii=False, default=str) + "\n" for one in records)
        self._place.write(name, text)


def _read(content: bytes) -> Iterable[Record]:
    for line in content.splitlines():
        fields = json.loads(line)
        yield Record(**{**fields, "outputs": tuple(fields["outputs"])})
