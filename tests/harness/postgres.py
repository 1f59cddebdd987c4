"""A real PostgreSQL server on a port and in a folder of its own, and as many fresh databases as tests want."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psutil
import psycopg

from harness.programs import unavailable

PLACES = ("/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/17/bin")
QUICK = (
    "fsync=off",
    "full_page_writes=off",
)  # a killed server loses nothing by that, only a lost machine would


@dataclass
class Postgres:
    """One server. It can be killed and started again on the same data."""

    folder: Path
    port: int
    settings: tuple[str, ...] = QUICK
    process: subprocess.Popen[bytes] | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def start(self) -> None:
        """Starts the server; returns when it answers."""
        options = [f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories="]
        options += ["max_connections=400", "logging_collector=off", *self.settings]
        command = [program("postgres"), "-D", str(self.folder / "data")]
        with (self.folder / "postgres.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *(part for option in options for part in ("-c", option))],
                stdout=log,
                stderr=log,
                **as_user(),
            )
        self._wait()

    def kill(self) -> None:
        """Ends the server with all its sessions, as a dead machine would."""
        assert self.process
        server = psutil.Process(self.process.pid)
        everything = [server, *server.children(recursive=True)]
        for each in everything:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        self.process.wait()
        psutil.wait_procs(everything[1:], timeout=10)

    def stop(self) -> None:
        """Ends the server in an orderly way; sessions are thrown out."""
        if self.process and self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGINT)
            self.process.wait(30)

    def url(self, database: str = "postgres") -> str:
        """The address of a database."""
        return f"postgresql://flowscale@127.0.0.1:{self.port}/{database}"

    def fresh(self, template: str = "template1") -> str:
        """A new database; answers with its address."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE {name} TEMPLATE "{template}"')
        return self.url(name)

    def _wait(self) -> None:
        assert self.process
        for _ in range(600):
            if self.process.poll() is not None:
                raise AssertionError((self.folder / "postgres.log").read_text()[-2000:])
            try:
                psycopg.connect(self.url(), connect_timeout=2).close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("PostgreSQL doesn't answer")


def program(name: str) -> str:
    """The path of one of PostgreSQL's programs; skips the test where it isn't installed, fails where CI says so."""
    places = os.pathsep.join((*PLACES, os.environ.get("PATH", "")))
    found = shutil.which(name, path=places)
    if found is None:
        unavailable("PostgreSQL isn't installed: scripts/test installs the Debian package postgresql")
    return found


def as_user() -> dict[str, object]:
    """How a child process is started: PostgreSQL refuses to run as root."""
    if os.getuid():
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": "/"}


@contextmanager
def postgres(port: int, *, settings: tuple[str, ...] = QUICK) -> Iterator[Postgres]:
    """A running server on fresh data, until the block ends."""
    initdb = program("initdb")
    folder = Path(tempfile.mkdtemp(prefix="flowscale-postgres-"))
    try:
        if not os.getuid():
            user = pwd.getpwnam("postgres")
            os.chown(folder, user.pw_uid, user.pw_gid)
        options = ["-U", "flowscale", "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"]
        subprocess.run(
            [initdb, "-D", str(folder / "data"), *options], check=True, capture_output=True, **as_user()
        )
        server = Postgres(folder, port, settings)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
