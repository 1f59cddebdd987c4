"""What is known of files without reading them again: checksums by path, size and time, and by source."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from flowscale_runtime.models.cache import sha256_of


@dataclass(frozen=True, slots=True)
class Known:
    """A small database that processes share. Nothing in it can't be found out again."""

    path: Path

    def of_file(self, path: Path) -> str:
        """The sha256 of a file, read only where it isn't known or the file was written since."""
        facts = path.stat()
        key = f"{path.resolve()}|{facts.st_size}|{facts.st_mtime_ns}|{facts.st_ino}"
        if known := self.get(key):
            return known
        self.put(key, sha256 := sha256_of(path))
        return sha256

    def get(self, key: str) -> str | None:
        """The checksum under a key."""
        with closing(self._opened()) as connection:
            row = connection.execute("SELECT sha256 FROM known WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else None

    def put(self, key: str, sha256: str) -> None:
        """Keeps a checksum."""
        with closing(self._opened()) as connection, connection:
            connection.execute("INSERT OR REPLACE INTO known VALUES (?, ?)", (key, sha256))

    def _opened(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=30)
        connection.execute("CREATE TABLE IF NOT EXISTS known (key TEXT PRIMARY KEY, sha256 TEXT NOT NULL)")
        return connection
