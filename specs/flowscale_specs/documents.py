"""A set of specs as it was written: documents that are valid each for itself, and where they stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from flowscale_specs.kinds import Document
from flowscale_specs.reading import Map, place
from flowscale_specs.translating import fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from flowscale_specs.errors import SpecError

D_co = TypeVar("D_co", bound=Document, covariant=True)
D = TypeVar("D", bound=Document)


@dataclass(frozen=True, slots=True)
class Entry(Generic[D_co]):
    """One document: what was written, what it says, and the file it stands in."""

    kind: str
    name: str
    written: Map = field(repr=False)
    document: D_co
    path: Path
    root: Path
    """The folder that was loaded; files that a spec names stay inside of it."""

    @property
    def folder(self) -> Path:
        return self.path.parent

    def fault(
        self, steps: tuple[str | int, ...], message: str, hint: str = "", *, key: bool = False
    ) -> SpecError:
        """An error about a value of this document, or about its key."""
        return fault(place(self.written, steps, key=key), steps, message, hint)


class Documents:
    """Documents in the order of files and lines, found by kind and name."""

    def __init__(
        self,
        entries: Iterable[Entry[Document]] = (),
        files: tuple[Path, ...] = (),
        skipped: tuple[Path, ...] = (),
    ) -> None:
        self.entries = tuple(entries)
        self.files = files
        """The files that were read."""
        self.skipped = skipped
        """Files in the folders that hold something else."""
        self._index: dict[str, dict[str, Entry[Any]]] = {}
        for entry in self.entries:
            self._index.setdefault(entry.kind, {})[entry.name] = entry

    def __iter__(self) -> Iterator[Entry[Document]]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def of(self, kind: type[D]) -> tuple[Entry[D], ...]:
        """The documents of a kind."""
        return tuple(self._index.get(kind.__name__, {}).values())

    def find(self, kind: type[D], name: str) -> Entry[D] | None:
        """The document of a kind and name."""
        return cast("Entry[D] | None", self._index.get(kind.__name__, {}).get(name))

    def names(self, kind: str) -> dict[str, Entry[Any]]:
        """The documents of a kind by name."""
        return self._index.get(kind, {})

    def declared_only(self) -> tuple[Entry[Document], ...]:
        """Documents that are declared but not executed yet."""
        return tuple(entry for entry in self.entries if not entry.document.executes)
