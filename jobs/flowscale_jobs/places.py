"""Places for files by address: a folder, or a bucket with a prefix, seen alike."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, from_url

from flowscale_jobs.errors import PlaceError

if TYPE_CHECKING:
    from obstore import ReadableFile

READ_AHEAD = 1 << 20


@dataclass(frozen=True, slots=True)
class Place:
    """A folder-like place. Names are relative, with slashes; a written file is there as a whole or not at all."""

    address: str
    store: ObjectStore

    @classmethod
    def at(cls, address: str | Path, base: Path | None = None) -> Self:
        """The place at a path (relative to `base`) or an address as `s3://bucket/prefix`."""
        text = str(address)
        try:
            if "://" in text:
                return cls(text.rstrip("/"), from_url(text))
            folder = (base or Path()) / text
            return cls(str(folder), LocalStore(folder.resolve(), mkdir=True))
        except (BaseError, ValueError, OSError) as error:
            raise PlaceError(f"{text} can't be opened: {error}") from error

    def names(self, under: str = "") -> list[str]:
        """The names of all files below a folder of it, in order."""
        try:
            found = obstore.list(self.store, under or None).collect()
        except BaseError as error:
            raise PlaceError(f"{self.address} can't be listed: {error}") from error
        return sorted(str(item["path"]) for item in found)

    def read(self, name: str) -> bytes | None:
        """The bytes of a file; None where there is none."""
        try:
            return bytes(obstore.get(self.store, name).bytes())
        except (NotFoundError, FileNotFoundError):
            return None
        except BaseError as error:
            raise PlaceError(f"{self.address}/{name} can't be read: {error}") from error

    def write(self, name: str, content: bytes | str) -> None:
        """Writes a file, in place of an older one."""
        try:
            obstore.put(self.store, name, content.encode() if isinstance(content, str) else content)
        except BaseError as error:
            raise PlaceError(f"{self.address}/{name} can't be written: {error}") from error

    def remove(self, names: list[str]) -> None:
        """Removes files."""
        try:
            obstore.delete(self.store, names)
        except BaseError as error:
            raise PlaceError(f"files of {self.address} can't be removed: {error}") from error

    def open(self, name: str) -> IO[bytes]:
        """A file to read piece by piece. Raises PlaceError where there is none."""
        try:
            return io.BufferedReader(_Raw(obstore.open_reader(self.store, name)), READ_AHEAD)
        except (BaseError, FileNotFoundError) as error:
            raise PlaceError(f"{self.address}/{name} can't be opened: {error}") from error

    def read_json(self, name: str) -> Any:
        """The JSON in a file; None where there is none."""
        content = self.read(name)
        return None if content is None else json.loads(content)

    def write_json(self, name: str, value: Any) -> None:
        """Writes a JSON file for people and programs."""
        self.write(name, json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


class _Raw(io.RawIOBase):
    """A stored file as Python's own file classes want it."""

    def __init__(self, reader: "ReadableFile") -> None:
        super().__init__()
        self._reader = reader

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self._reader.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._reader.seek(offset, whence)

    def tell(self) -> int:
        return self._reader.tell()


def lines(file: IO[bytes]) -> Iterator[str]:
    """The lines of a UTF-8 text, one after the other, without a mark at its start."""
    for number, line in enumerate(file):
        yield line.decode("utf-8-sig" if number == 0 else "utf-8")


def split(address: str, base: Path = Path()) -> tuple[Place, str]:
    """The place that holds a file, and the file's name in it."""
    folder, _, name = address.rpartition("/")
    if "://" in address:
        return Place.at(folder), name
    path = base / address
    return Place.at(path.parent), path.name
