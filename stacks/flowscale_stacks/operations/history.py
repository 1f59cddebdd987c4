"""What was done to a stack, newest first, with what each update served."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowscale_stacks.reading.records import Record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pulumi.automation import UpdateSummary

RECORD = "flowscale:record"
DONE = "succeeded"


@dataclass(frozen=True, slots=True)
class Entry:
    """One update of a stack."""

    number: int
    operation: str
    result: str
    started: datetime
    message: str
    changes: Mapping[str, int]
    record: Record | None
    """None for an update that wasn't made by this program."""

    def to_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "operation": self.operation,
            "result": self.result,
            "started": self.started.isoformat(),
            "message": self.message,
            "changes": dict(self.changes),
            "served": self.record.to_json()["served"] if self.record else None,
        }


def entries(summaries: Sequence[UpdateSummary]) -> list[Entry]:
    """Updates as Pulumi tells them; backends that don't number them have them numbered in order."""
    return [_entry(each, len(summaries) - index) for index, each in enumerate(summaries)]


def _entry(summary: UpdateSummary, place: int) -> Entry:
    changes = {
        str(getattr(key, "value", key)): count for key, count in (summary.resource_changes or {}).items()
    }
    return Entry(
        number=summary.version or place,
        operation=summary.kind,
        result=summary.result,
        started=summary.start_time,
        message=summary.message,
        changes=changes,
        record=_record(summary.config),
    )


def last_record(updates: Sequence[Entry]) -> Record | None:
    """What the newest update that worked out served."""
    return next((each.record for each in updates if each.record and each.result == DONE), None)


def done(updates: Sequence[Entry]) -> list[Record]:
    """What updates that worked out served, newest first."""
    return [each.record for each in updates if each.record and each.result == DONE]


def _record(config: Mapping[str, Any] | None) -> Record | None:
    held = (config or {}).get(RECORD)
    if held is None:
        return None
    text = held["value"] if isinstance(held, dict) else held.value
    return Record.from_json(json.loads(text))
