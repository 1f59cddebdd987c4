"""Downloads: in parts beside each other, continued where they broke off, whole or not at all."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock
from typing import TypeVar

import orjson
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from flowscale_runtime.models.errors import ModelUnreachable
from flowscale_runtime.models.remotes import Facts, Remote

PART = 16 << 20  # bytes
BESIDE = 8  # parts that are read beside each other
TRIES = 6  # of a part, without any progress
Told = Callable[[int, int | None], None]
T = TypeVar("T")


@dataclass
class Journal:
    """Which parts of a file are there, kept beside it: a download goes on where an earlier process left it."""

    path: Path
    facts: Facts
    done: set[int] = field(default_factory=set)

    @classmethod
    def opened(cls, path: Path, facts: Facts) -> "Journal":
        """The journal of a file; one of other bytes begins anew."""
        journal = cls(path, facts)
        try:
            kept = orjson.loads(path.read_bytes())
        except (OSError, orjson.JSONDecodeError):
            return journal
        if facts.tag and (kept["size"], kept["tag"]) == (facts.size, facts.tag):
            journal.done = set(kept["done"])
        return journal

    def note(self, part: int) -> None:
        """A part is there."""
        self.done.add(part)
        aside = self.path.with_suffix(".new")
        aside.write_bytes(
            orjson.dumps({"size": self.facts.size, "tag": self.facts.tag, "done": sorted(self.done)})
        )
        aside.rename(self.path)


def download(remote: Remote, target: Path, told: Told) -> None:
    """Has a remote file at `target`. Raises a ModelError; what was read of it by then stays for the next time."""
    facts = _patiently(remote.facts)
    if facts.parts and facts.size:
        _in_parts(remote, facts, facts.size, target, told)
    else:
        _patiently(lambda: _at_once(remote, facts, target, told))


def _patiently(work: Callable[[], T]) -> T:
    """Tries again what may work the next time."""
    again = Retrying(
        retry=retry_if_exception_type(ModelUnreachable),
        stop=stop_after_attempt(TRIES),
        wait=wait_exponential_jitter(multiplier=0.2, max=10),
        reraise=True,
    )
    return again(work)


def _at_once(remote: Remote, facts: Facts, target: Path, told: Told) -> None:
    done = 0
    with target.open("wb") as file:
        for block in remote.read(0, None):
            file.write(block)
            done += len(block)
            told(done, facts.size)
    if facts.size is not None and done != facts.size:
        raise ModelUnreachable(f"the connection broke off after {done:,} of {facts.size:,} bytes")


def _in_parts(remote: Remote, facts: Facts, size: int, target: Path, told: Told) -> None:
    journal = Journal.opened(target.with_suffix(".journal"), facts)
    if not target.is_file():
        journal.done.clear()
    parts = list(enumerate(_parts(size)))
    told(sum(stop - start for number, (start, stop) in parts if number in journal.done), size)
    todo = [(number, *bounds) for number, bounds in parts if number not in journal.done]
    descriptor = os.open(target, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        os.truncate(descriptor, size)
        _Parts(remote, descriptor, size, journal, told).read(todo)
    finally:
        os.close(descriptor)
    journal.path.unlink(missing_ok=True)


def _parts(size: int) -> Iterator[tuple[int, int]]:
    for start in range(0, size, PART):
        yield start, min(start + PART, size)


class _Parts:
    """Reads parts into a file, several beside each other; the first failure ends all."""

    def __init__(self, remote: Remote, descriptor: int, size: int, journal: Journal, told: Told) -> None:
        self._remote, self._descriptor, self._size = remote, descriptor, size
        self._journal, self._told = journal, told
        self._bytes = sum(stop - start for n, (start, stop) in enumerate(_parts(size)) if n in journal.done)
        self._lock, self._failed = Lock(), Event()

    def read(self, todo: list[tuple[int, int, int]]) -> None:
        with ThreadPoolExecutor(min(BESIDE, max(len(todo), 1)), "model") as pool:
            for future in [pool.submit(self._part, *one) for one in todo]:
                future.result()

    def _part(self, number: int, start: int, stop: int) -> None:
        if self._failed.is_set():
            return
        try:
            _patiently(lambda: self._once(start, stop))
        except BaseException:
            self._failed.set()
            raise
        with self._lock:
            self._journal.note(number)

    def _once(self, start: int, stop: int) -> None:
        at = start
        try:
            for block in self._remote.read(start, stop):
                os.pwrite(self._descriptor, block[: stop - at], at)
                at += len(block)
                self._count(len(block))
        finally:
            if at != stop:
                self._count(start - at)
        if at != stop:
            raise ModelUnreachable(f"{at - start:,} of {stop - start:,} bytes of a part came")

    def _count(self, more: int) -> None:
        with self._lock:
            self._bytes += more
            self._told(self._bytes, self._size)
