"""Archives of a data folder: a tar of the database, the secrets and the objects, with hashes of all at its end."""

import hashlib
import io
import json
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, TypeAlias

from flowscale_cli.errors import CliError

DATABASE, MANIFEST, LOCK = "flowscale.db", "manifest.json", "flowscale.lock"
SECRETS = ("owner.key", "tokens.key", "links.key")
FORMAT = "flowscale.ai/backup/v1"
_COMPRESSED = (".gz", ".tgz")
_ASIDE = "incoming"

Manifest: TypeAlias = dict[str, Any]
"""`format`, `created_at`, and `files`: name -> {sha256, size}."""


def save(data: Path, lock: Path, target: Path, now: datetime) -> Manifest:
    """Writes an archive of a data folder, also while a server works on it. Raises CliError.

    The database comes first, as it is at one moment; an object is in the store before a row names it, and never
    changes, so that what the rows name is among the objects that follow.
    """
    if not (data / DATABASE).is_file():
        raise CliError(f"{data} is no data folder: it has no {DATABASE}. Name the right one with --data.")
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as scratch:
            copy, aside = Path(scratch, DATABASE), Path(scratch, "archive")
            snapshot(data / DATABASE, copy)
            with _private(aside) as file, _tar(file, target.name.endswith(_COMPRESSED)) as tar:
                manifest = _fill(tar, [(DATABASE, copy), *_members(data, lock)], now)
            aside.replace(target)
    except OSError as error:
        raise CliError(f"the backup {target} can't be written: {error}") from error
    return manifest


def snapshot(source: Path, target: Path) -> None:
    """A copy of a SQLite database as it is at one moment, whoever writes to it meanwhile."""
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True)) as live,
        closing(sqlite3.connect(target)) as copy,
    ):
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")


def sha256_of(path: Path) -> str:
    """The sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _members(data: Path, lock: Path) -> Iterator[tuple[str, Path]]:
    """What is kept beside the database, by its name in the archive; caches, and what a process left, are not."""
    yield from ((name, data / name) for name in SECRETS if (data / name).is_file())
    if lock.is_file():
        yield LOCK, lock
    for path in sorted((data / "objects").rglob("*")):
        name = path.relative_to(data)
        if path.is_file() and _ASIDE not in name.parts:
            yield name.as_posix(), path


def _fill(tar: tarfile.TarFile, named: list[tuple[str, Path]], now: datetime) -> Manifest:
    files = {}
    for name, path in named:
        with path.open("rb") as content:
            entry = tar.gettarinfo(arcname=name, fileobj=content)
            tar.addfile(_plain(entry), content)
        files[name] = {"sha256": sha256_of(path), "size": entry.size}
    manifest = {"format": FORMAT, "created_at": now.astimezone(UTC).isoformat(), "files": files}
    text = json.dumps(manifest, indent=1).encode()
    entry = tarfile.TarInfo(MANIFEST)
    entry.size, entry.mtime = len(text), int(now.timestamp())
    tar.addfile(_plain(entry), io.BytesIO(text))
    return manifest


def _private(path: Path) -> IO[bytes]:
    """A new file that only this user reads: an archive holds keys."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _tar(file: IO[bytes], compress: bool) -> tarfile.TarFile:
    """A tar being written; compressed quickly, as most of it is pictures that don't get smaller."""
    if compress:
        return tarfile.open(fileobj=file, mode="w:gz", compresslevel=1)
    return tarfile.open(fileobj=file, mode="w")


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """An entry without this machine's users."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o600
    return entry
