"""What the API answers, as values; read leniently: unknown fields are kept, missing ones are None."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Generic, Self, TypeVar, overload

from flowscale._core import replies

FINISHED = frozenset({"completed", "failed", "cancelled", "timed_out"})


class Record(Mapping[str, Any]):
    """A JSON object whose fields are reached as items and as attributes: `run["status"]`, `run.status`."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = dict(data)

    def __getitem__(self, name: str) -> Any:
        return self._data[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._data:
            raise AttributeError(f"{type(self).__name__} has no field {name!r}")
        return self._data[name]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._data!r})"

    def to_dict(self) -> dict[str, Any]:
        """The JSON as it came, for storing or passing on."""
        return dict(self._data)


class Awaitable:
    """A finished value that may be awaited too, as samples written for either client do."""

    def __await__(self) -> Generator[None, None, Self]:
        yield from ()
        return self


class RunId(str, Awaitable):
    """The id of a submitted run: a str, which may also be awaited."""

    __slots__ = ()


class BaseOutput(Record):
    """One file that a run made."""

    @property
    def filename(self) -> str:
        return str(self._data.get("filename") or "")

    @property
    def url(self) -> str:
        """Where the bytes are; signed, and valid for a limited time."""
        return str(self._data.get("url") or "")

    @property
    def content_type(self) -> str | None:
        return self._data.get("content_type")

    @property
    def size(self) -> int | None:
        return self._data.get("size")

    @property
    def metadata(self) -> dict[str, Any]:
        return self._data.get("metadata") or {}

    def _path(self, target: str | Path) -> Path:
        """The file to write, inside `target` where that is a folder; the name never leads out of it."""
        path = Path(target)
        return (
            path / (PurePosixPath(self.filename.replace("\\", "/")).name or "output")
            if path.is_dir()
            else path
        )


O = TypeVar("O", bound=BaseOutput)  # noqa: E741
R = TypeVar("R")


class BaseRun(Record, Generic[O]):
    """One run. Attributes are typed; items are the JSON as it came."""

    def __init__(self, data: Mapping[str, Any], outputs: Sequence[O] = ()) -> None:
        super().__init__(data)
        self.outputs = tuple(outputs)

    @property
    def run_id(self) -> RunId:
        return RunId(self._data.get("run_id") or self._data.get("_id") or "")

    @property
    def status(self) -> str:
        """queued, running, completed, failed, cancelled or timed_out."""
        return str(self._data.get("status") or "")

    @property
    def finished(self) -> bool:
        return self.status in FINISHED

    @property
    def ok(self) -> bool:
        return self.status == "completed"

    @property
    def progress(self) -> float:
        """Percent, 0 to 100."""
        return percent(self._data)

    @property
    def workflow_id(self) -> str | None:
        return self._data.get("workflow_id")

    @property
    def group_id(self) -> str | None:
        return self._data.get("group_id")

    @property
    def inputs(self) -> list[dict[str, Any]]:
        return self._data.get("inputs") or []

    @property
    def output_names(self) -> list[str]:
        return self._data.get("output_names") or []

    @property
    def error(self) -> Any:
        return self._data.get("error")

    @property
    def metadata(self) -> dict[str, Any]:
        return self._data.get("metadata") or {}

    @property
    def created_at(self) -> datetime | None:
        return moment(self._data.get("created_at"))

    @property
    def started_at(self) -> datetime | None:
        return moment(self._data.get("started_at"))

    @property
    def completed_at(self) -> datetime | None:
        return moment(self._data.get("completed_at"))

    @property
    def execution_time(self) -> float | None:
        """Seconds of computing."""
        return self._data.get("execution_time")

    @property
    def cost(self) -> float | None:
        """US dollars."""
        return self._data.get("cost")

    def raise_for_status(self) -> Self:
        """The run itself, or the error that its failure, cancellation or time-out is."""
        error = replies.run_error(self._data)
        if error is not None:
            raise error
        return self


@dataclass(frozen=True)
class Progress:
    """What `on_progress` is called with."""

    run_id: str
    status: str
    percent: float
    """0 to 100."""
    event: str
    """queued, started, progress, preview, output, the end's name, or "poll" where events do not arrive."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """Everything that the server said with it, as the node or a preview."""


class Page(Sequence[R]):
    """The runs of one page, with what the server says about all of them."""

    def __init__(self, items: Sequence[R], meta: Mapping[str, Any]) -> None:
        self._items = tuple(items)
        self.meta = dict(meta)

    @overload
    def __getitem__(self, index: int) -> R: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[R]: ...
    def __getitem__(self, index: int | slice) -> R | Sequence[R]:
        return self._items[index]

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"Page({len(self)} of {self.total_count} runs, page {self.page} of {self.total_pages})"

    @property
    def page(self) -> int:
        return int(self.meta.get("page") or 1)

    @property
    def total_count(self) -> int:
        return int(self.meta.get("total_count") or len(self))

    @property
    def total_pages(self) -> int:
        return int(self.meta.get("total_pages") or 1)

    @property
    def has_next(self) -> bool:
        return self.page < self.total_pages


def moment(value: Any) -> datetime | None:
    """A time of the wire; None where it is missing or not one."""
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def percent(data: Mapping[str, Any]) -> float:
    """The progress of a run or event, 0 to 100."""
    value = data.get("progress", data.get("percent"))
    return min(100.0, max(0.0, float(value))) if isinstance(value, (int, float)) else 0.0
