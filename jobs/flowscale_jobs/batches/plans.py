"""What a feeder is told to do, kept beside what it has done, so that another can go on."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from flowscale_jobs.errors import JobError
from flowscale_jobs.places import Place
from flowscale_specs.kinds.batch import BatchSpec

FILE = "plan.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


@dataclass(frozen=True, slots=True)
class Plan:
    """One time that a batch is done. `folder` is where relative paths of its spec start."""

    id: str
    name: str
    spec: BatchSpec
    folder: str = "."
    begun_at: float = 0.0
    """Seconds since the epoch."""

    @classmethod
    def new(cls, name: str, spec: BatchSpec, folder: Path, now: datetime) -> Self:
        """A plan under an id that nothing else has, in the order of time."""
        made = f"{name}-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}".lower()
        return cls(made, name, spec, str(folder.resolve()), now.timestamp())

    def to_json(self) -> dict[str, Any]:
        spec = self.spec.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return {
            "id": self.id,
            "name": self.name,
            "spec": spec,
            "folder": self.folder,
            "begunAt": self.begun_at,
        }

    @classmethod
    def from_json(cls, written: dict[str, Any]) -> Self:
        spec = BatchSpec.model_validate(written["spec"])
        return cls(written["id"], written["name"], spec, written["folder"], written["begunAt"])

    def save(self, place: Place) -> None:
        """Writes the plan down, once."""
        if place.read(FILE) is None:
            place.write_json(FILE, self.to_json())


def home(state: str | Path, batch_id: str) -> Place:
    """The place of one batch. Raises JobError where its id can't be one."""
    if not _NAME.fullmatch(batch_id):
        raise JobError(f"{batch_id!r} is no id of a batch")
    return Place.at(f"{str(state).rstrip('/')}/{batch_id}")


def kept(place: Place, batch_id: str) -> Plan:
    """The plan of a batch that was begun. Raises JobError where there is none."""
    written = place.read_json(FILE)
    if written is None:
        raise JobError(f"there is no batch {batch_id} in {place.address.rpartition('/')[0]}")
    return Plan.from_json(written)
