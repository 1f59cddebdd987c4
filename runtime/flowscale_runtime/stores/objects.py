"""Bytes by content: an object's name is the sha256 of what it holds, so it is stored once and never changes."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from flowscale_runtime.stores.errors import NotFound

SHOWN = ("image/png", "image/jpeg", "image/webp", "image/avif", "image/gif", "video/", "audio/", "text/plain")
"""Media types that a browser may show; it runs none of them."""


class Objects(Protocol):
    """An object store. Names are 64 hexadecimal digits. Where it is `instant`, calls are as quick as a disk; where it
    isn't, they belong into threads."""

    def put(self, data: bytes) -> str: ...

    def put_file(self, path: Path, name: str | None = None, content_type: str = "") -> str: ...

    def get(self, name: str) -> bytes: ...

    def path(self, name: str) -> Path: ...

    def exists(self, name: str) -> bool: ...

    def delete(self, name: str) -> None: ...

    def touched(self, name: str) -> float: ...

    def incoming(self) -> "tempfile._TemporaryFileWrapper[bytes]": ...

    @property
    def instant(self) -> bool: ...

    def __hash__(self) -> int: ...


class FolderObjects:
    """Objects as files of a folder, written aside and renamed: a reader sees all of an object or nothing."""

    instant = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._aside = folder / "incoming"
        self._aside.mkdir(parents=True, exist_ok=True)

    def put(self, data: bytes) -> str:
        """Stores bytes; the same bytes again cost one look."""
        name = hashlib.sha256(data).hexdigest()
        target = self._target(name)
        if not _touch(target):
            with self.incoming() as aside:
                aside.write(data)
            self._publish(Path(aside.name), target)
        return name

    def put_file(self, path: Path, name: str | None = None, content_type: str = "") -> str:
        """Takes a file over (it is moved where that is possible); `name` where the caller has hashed it. A file has no
        media type."""
        name = name or sha256_of(path)
        target = self._target(name)
        if _touch(target):
            path.unlink()
        else:
            self._publish(path, target)
        return name

    def incoming(self) -> "tempfile._TemporaryFileWrapper[bytes]":
        """A new file beside the objects, to be handed to `put_file`."""
        return tempfile.NamedTemporaryFile(dir=self._aside, delete=False)

    def get(self, name: str) -> bytes:
        """All bytes of an object. Raises NotFound."""
        try:
            return self._target(name).read_bytes()
        except FileNotFoundError as error:
            raise NotFound(f"no object {name}") from error

    def path(self, name: str) -> Path:
        """Where an object lies, to be read only. Raises NotFound."""
        if not self.exists(name):
            raise NotFound(f"no object {name}")
        return self._target(name)

    def exists(self, name: str) -> bool:
        """Whether the object is there."""
        return self._target(name).is_file()

    def delete(self, name: str) -> None:
        """Removes an object; without effect where there is none."""
        self._target(name).unlink(missing_ok=True)

    def touched(self, name: str) -> float:
        """When the object was stored last, in seconds since the epoch. Raises NotFound."""
        return self.path(name).stat().st_mtime

    def _target(self, name: str) -> Path:
        return self._folder / check_name(name)[:2] / name

    @staticmethod
    def _publish(aside: Path, target: Path) -> None:
        target.parent.mkdir(exist_ok=True)
        with suppress(FileExistsError):
            os.rename(aside, target)  # noqa: PTH104  replaces nothing different: the name is the content


def _touch(path: Path) -> bool:
    """Whether there is a file; then it is as new as one that is written now."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def check_name(name: str) -> str:
    """The name, if an object may be called that. Raises NotFound."""
    if len(name) != 64 or not name.isalnum():
        raise NotFound(f"{name!r} is not the name of an object")
    return name


def sha256_of(path: Path) -> str:
    """The sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


async def receive(objects: Objects, chunks: AsyncIterable[bytes], limit: int) -> tuple[str, int] | None:
    """Streams chunks into an object; answers with its name and size, or None past `limit` bytes."""
    hashed, size = hashlib.sha256(), 0
    with objects.incoming() as aside:
        async for chunk in chunks:
            size += len(chunk)
            if size > limit:
                Path(aside.name).unlink()
                return None
            hashed.update(chunk)
            aside.write(chunk)
    name = hashed.hexdigest()
    if objects.instant:
        return objects.put_file(Path(aside.name), name), size
    return await asyncio.to_thread(objects.put_file, Path(aside.name), name), size
