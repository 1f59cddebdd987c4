"""A run whose whole life is a function of the time."""

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flowscale.testing.clock import EPOCH
from flowscale.testing.forms import FakeUpload

STEPS = 4


def png(width: int = 8, height: int = 8, color: tuple[int, int, int] = (90, 120, 200)) -> bytes:
    """A small real picture of one colour."""
    rows = (b"\0" + bytes(color) * width) * height
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@dataclass(frozen=True)
class FakeOutput:
    """A file that a run makes."""

    filename: str = "output_9_AAAAAAAAAA.png"
    content: bytes = field(default_factory=png, repr=False)
    content_type: str = "image/png"
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FakeEvent:
    """A server-sent event and when it happens."""

    id: int
    at: float
    name: str
    data: Mapping[str, Any]

    def encode(self) -> bytes:
        return f"id: {self.id}\nevent: {self.name}\ndata: {json.dumps(dict(self.data))}\n\n".encode()


@dataclass
class FakeRun:
    """One run; times are those of the fake clock."""

    number: int
    workflow_id: str
    inputs: Mapping[str, Any]
    options: Mapping[str, Any]
    outputs: list[FakeOutput]
    created: float
    duration: float
    ending: str = "completed"
    error: Mapping[str, Any] | None = None
    cancelled: float | None = None
    batch_id: str | None = None

    @property
    def run_id(self) -> str:
        return f"00000000-0000-7000-8000-{self.number:012d}"

    @property
    def ends(self) -> float:
        return self.created + self.duration if self.cancelled is None else self.cancelled

    @property
    def output_names(self) -> list[str]:
        return [output.filename.rpartition(".")[0] or output.filename for output in self.outputs]

    def status(self, now: float) -> str:
        if now < self.ends:
            return "running"
        return self.ending if self.cancelled is None else "cancelled"

    def progress(self, now: float) -> float:
        if self.status(now) == "completed":
            return 100.0
        return round(100.0 * min(now, self.ends) / self.duration - 100.0 * self.created / self.duration, 3)

    def events(self) -> Iterator[FakeEvent]:
        """Everything that happens to the run, in order."""
        for number, (at, name, data) in enumerate(self._happenings(), start=1):
            yield FakeEvent(number, at, name, {"run_id": self.run_id, **data})

    def _happenings(self) -> Iterator[tuple[float, str, dict[str, Any]]]:
        yield self.created, "queued", {}
        yield self.created, "started", {}
        for step in range(1, STEPS + 1):
            at = self.created + self.duration * step / STEPS
            if at <= self.ends:
                yield (
                    at,
                    "progress",
                    {"progress": 100 * step / STEPS, "node": "3", "value": step, "max": STEPS},
                )
        status = self.status(self.ends)
        if status == "completed":
            for output in self.outputs:
                yield self.ends, "output", {"filename": output.filename}
        yield self.ends, status, {"status": status}

    def to_json(self, now: float, base_url: str) -> dict[str, Any]:
        """The run object of the wire contract."""
        done = self.status(now) == "completed"
        return {
            "_id": self.run_id,
            "run_id": self.run_id,
            "team_id": "team",
            "workflow_id": self.workflow_id,
            "group_id": self.options.get("group_id"),
            "status": self.status(now),
            "progress": self.progress(now),
            "inputs": [_input(name, value) for name, value in self.inputs.items()],
            "output_names": self.output_names,
            "outputs": [self._output(index, base_url) for index in range(len(self.outputs))] if done else [],
            "error": self.error if now >= self.ends and self.cancelled is None else None,
            "created_at": _moment(self.created),
            "started_at": _moment(self.created),
            "completed_at": _moment(self.ends) if now >= self.ends else None,
            "execution_time": self.duration if done else None,
            "cost": round(self.duration * 0.001, 6) if done else None,
        }

    def _output(self, index: int, base_url: str) -> dict[str, Any]:
        output = self.outputs[index]
        return {
            "filename": output.filename,
            "s3_key": f"outputs/{self.run_id}/{output.filename}",
            "url": f"{base_url}/api/v1/files/{self.number}-{index}",
            "content_type": output.content_type,
            "size": len(output.content),
            "metadata": dict(output.metadata),
        }


def _input(name: str, value: Any) -> dict[str, Any]:
    return {"path": name, "value": _plain(value), "s3_key": None, "url": None}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.filename if isinstance(value, FakeUpload) else value


def _moment(now: float) -> str:
    return datetime.fromtimestamp(EPOCH + now, UTC).isoformat()
