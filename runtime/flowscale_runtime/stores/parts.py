"""Uploads that arrive in pieces: a file each, beside the objects until it is whole."""

import asyncio
import time
from collections.abc import AsyncIterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from flowscale_runtime.stores.errors import Busy, TooMuch, WrongOffset
from flowscale_runtime.stores.objects import Objects

KEPT = 2 * 24 * 3600  # seconds


class FolderParts:
    """Pieces as files of a folder. Names are chosen by the caller, and safe as file names."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._busy: set[str] = set()

    def offset(self, name: str) -> int:
        """How many bytes have arrived."""
        path = self._path(name)
        return path.stat().st_size if path.exists() else 0

    async def write(
        self, name: str, offset: int, size: int, chunks: AsyncIterable[bytes], *, restart: bool = False
    ) -> int:
        """Appends a piece that begins at `offset` (`restart`: from the start); answers with what has arrived.

        What came before a connection broke is kept. Raises Busy, WrongOffset, or TooMuch beyond `size` bytes.
        """
        with self._alone(name):
            arrived = 0 if restart else self.offset(name)
            if offset != arrived:
                raise WrongOffset(arrived)
            with self._path(name).open("wb" if restart else "ab") as file:
                async for chunk in chunks:
                    arrived += len(chunk)
                    if arrived > size:
                        raise TooMuch(size)
                    file.write(chunk)
        return arrived

    async def finish(self, name: str, objects: Objects) -> str:
        """Turns the pieces into an object; answers with its name."""
        with self._alone(name):
            return await asyncio.to_thread(objects.put_file, self._path(name))

    def note(self, name: str, answer: dict[str, Any]) -> None:
        """Keeps what was answered at the end."""
        self._answer(name).write_bytes(orjson.dumps(answer))

    def answer(self, name: str) -> dict[str, Any] | None:
        """What was answered at the end; None before."""
        path = self._answer(name)
        return orjson.loads(path.read_bytes()) if path.exists() else None

    def sweep(self) -> None:
        """Removes what nobody went on with."""
        for path in self._folder.iterdir():
            if path.stat().st_mtime < time.time() - KEPT:
                path.unlink(missing_ok=True)

    @contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        if name in self._busy:
            raise Busy(f"upload {name} is being written to")
        self._busy.add(name)
        try:
            yield
        finally:
            self._busy.discard(name)

    def _path(self, name: str) -> Path:
        return self._folder / name

    def _answer(self, name: str) -> Path:
        return self._folder / f"{name}.json"
