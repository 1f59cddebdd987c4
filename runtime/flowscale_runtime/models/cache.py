"""Weights on this machine, each once by its content; what was used the longest ago goes first where room is short."""

import fcntl
import hashlib
import itertools
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from flowscale_runtime.models.errors import NoRoom

FREE = 1 << 30  # bytes that are left to others on the disk where no size is set


@dataclass(frozen=True, slots=True)
class Blob:
    """A file of the cache; `used` is seconds since the epoch, `size` bytes, `node` its inode."""

    sha256: str
    path: Path
    size: int
    used: float
    node: int


class Cache:
    """A folder that processes of this machine share. `limit` is in bytes; None: what the disk has.

    A set is a folder of hard links to files, such as graphs look through. Whoever holds one keeps its files.
    """

    def __init__(self, root: Path, limit: int | None = None) -> None:
        self.root, self._limit = root, limit
        self._sets, self._aside = root / "sets", root / "incoming"
        for folder in (self._sets, self._aside, root / "locks"):
            folder.mkdir(parents=True, exist_ok=True)
        self._held: dict[str, int] = {}  # descriptors of locks

    def find(self, sha256: str) -> Path | None:
        """The file with this content, which counts as just used."""
        path = self._blob(sha256)
        try:
            os.utime(path)
        except FileNotFoundError:
            return None
        return path

    def keep(self, file: Path, sha256: str) -> Path:
        """Takes over a file of `incoming` whose content is known."""
        target = self._blob(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        file.chmod(0o444)
        file.rename(target)
        return target

    def incoming(self, name: str) -> Path:
        """Where a file comes in, the same one for the same name: a download goes on there."""
        return self._aside / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.part"

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Only one process of this machine fetches what has this name."""
        from filelock import FileLock  # only where something is fetched

        with FileLock(self.root / "locks" / hashlib.sha256(name.encode()).hexdigest()[:32]):
            yield

    def blobs(self) -> list[Blob]:
        """Every file, the one used the longest ago first."""
        found = []
        for path in self.root.glob("blobs/??/*"):
            with suppress(FileNotFoundError):
                facts = path.stat()
                found.append(Blob(path.name, path, facts.st_size, facts.st_mtime, facts.st_ino))
        return sorted(found, key=lambda blob: blob.used)

    def make_room(self, size: int) -> None:
        """Lets go of files until `size` bytes fit. Raises NoRoom where those in use leave too little."""
        blobs = self.blobs()
        over = self._over(size, sum(blob.size for blob in blobs))
        if over > 0:
            over -= sum(blob.size for blob in self._let_go(blobs, over))
        if over > 0:
            raise NoRoom(
                f"the cache of models {self.root} can't hold {size:,} bytes more: the others in it are in use; make it "
                "larger (FLOWSCALE_MODEL_CACHE_SIZE, or the disk)"
            )

    def prune(self, limit: int) -> list[Blob]:
        """Lets go of what was used the longest ago until at most `limit` bytes are left; answers with what went."""
        blobs = self.blobs()
        return self._let_go(blobs, sum(blob.size for blob in blobs) - limit)

    def drop(self, blob: Blob) -> None:
        """Removes one file."""
        blob.path.unlink(missing_ok=True)

    def lay(self, files: Mapping[str, tuple[Path, str]]) -> Path:
        """A folder with files under these names, held until `close`. Each comes with its sha256."""
        name = _name(files)
        folder = self._sets / name
        self._hold(name)
        if not _complete(folder, files):
            self._make(folder, files)
        return folder

    def close(self) -> None:
        """Lets go of the sets."""
        for lock in self._held.values():
            os.close(lock)
        self._held.clear()

    def link(self, path: Path, sha256: str) -> Path:
        """The file of another folder as one of the cache."""
        if kept := self.find(sha256):
            return kept
        aside = self._aside / f"{sha256}.{os.getpid()}"
        link(path, aside)
        return self.keep(aside, sha256)

    def _make(self, folder: Path, files: Mapping[str, tuple[Path, str]]) -> None:
        with self.alone(folder.name):
            if _complete(folder, files):
                return
            shutil.rmtree(folder, ignore_errors=True)
            aside = folder.with_name(f"{folder.name}.new")
            shutil.rmtree(aside, ignore_errors=True)
            for key, (path, _) in files.items():
                (aside / key).parent.mkdir(parents=True, exist_ok=True)
                link(path, aside / key)
            aside.rename(folder)

    def _hold(self, name: str) -> None:
        if name not in self._held:
            lock = os.open(self.root / "locks" / f"set-{name}", os.O_RDWR | os.O_CREAT, 0o644)
            fcntl.flock(lock, fcntl.LOCK_SH)
            self._held[name] = lock

    def _over(self, size: int, held: int) -> int:
        """By how many bytes the cache would be too large."""
        by_disk = size + FREE - shutil.disk_usage(self.root).free
        return (
            by_disk
            if self._limit is None
            else max(held + size - self._limit, size - shutil.disk_usage(self.root).free)
        )

    def _let_go(self, blobs: list[Blob], over: int) -> list[Blob]:
        gone: list[Blob] = []
        kept = self._used()
        for blob in blobs:
            if over <= sum(each.size for each in gone):
                break
            if blob.node not in kept:
                blob.path.unlink(missing_ok=True)
                gone.append(blob)
        return gone

    def _used(self) -> set[int]:
        """The inodes of the sets that somebody holds; the other sets go."""
        used: set[int] = set()
        for folder in self._sets.iterdir():
            with (self.root / "locks" / f"set-{folder.name}").open("w") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    used.update(path.stat().st_ino for path in folder.rglob("*") if path.is_file())
                else:
                    shutil.rmtree(folder, ignore_errors=True)
        return used

    def _blob(self, sha256: str) -> Path:
        return self.root / "blobs" / sha256[:2] / sha256


def sha256_of(path: Path) -> str:
    """The checksum of a file, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def link(path: Path, target: Path) -> None:
    """The same file under another name, or a copy where that is on another disk."""
    target.unlink(missing_ok=True)
    try:
        target.hardlink_to(path.resolve())
    except OSError:
        shutil.copyfile(path, target)


def _name(files: Mapping[str, tuple[Path, str]]) -> str:
    text = "\0".join(
        itertools.chain.from_iterable((key, sha256) for key, (_, sha256) in sorted(files.items()))
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _complete(folder: Path, files: Mapping[str, tuple[Path, str]]) -> bool:
    return folder.is_dir() and all((folder / key).is_file() for key in files)
