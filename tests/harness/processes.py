"""Starts server processes with a log each, waits until they answer, stops them by process id."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

LAST_WORDS = 3000


@dataclass
class Process:
    """A running server. Its standard output and error are in `log`."""

    name: str
    log: Path
    popen: "subprocess.Popen[bytes]"

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def alive(self) -> bool:
        return self.popen.poll() is None

    def stop(self, patience: float = 10) -> None:
        """Asks it to end, then ends it."""
        if self.alive:
            self.popen.terminate()
            try:
                self.popen.wait(patience)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """Ends it as a crash would."""
        self.popen.kill()
        self.popen.wait()

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-LAST_WORDS:]


@dataclass
class Processes:
    """The processes of one service, stopped in reverse order. They die with the tests unless they linger."""

    folder: Path
    linger: bool = False
    running: dict[str, Process] = field(default_factory=dict)
    inherited: tuple[int, ...] = ()  # file descriptors that they keep open

    def start(self, name: str, *command: object, env: Mapping[str, str] | None = None) -> Process:
        """Starts a command; its log is `<folder>/<name>.log`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        words = [str(word) for word in command]
        if not self.linger and (setpriv := shutil.which("setpriv")):
            words = [setpriv, "--pdeathsig", "KILL", "--", *words]
        log = self.folder / f"{name}.log"
        with log.open("ab") as output:
            popen = subprocess.Popen(
                words,
                stdout=output,
                stderr=output,
                env={**os.environ, **(env or {})},
                start_new_session=True,
                pass_fds=self.inherited,
            )
        self._pid_file(name).write_text(str(popen.pid))
        self.running[name] = Process(name, log, popen)
        return self.running[name]

    def _pid_file(self, name: str) -> Path:
        return self.folder / f"{name}.pid"

    def wait(self, ready: Callable[[], bool], what: str, seconds: float = 100) -> None:
        """Waits until `ready`; the processes that died meanwhile are quoted."""
        end = time.monotonic() + seconds
        while not ready():
            dead = [process for process in self.running.values() if not process.alive]
            if dead or time.monotonic() > end:
                quoted = "".join(f"\n--- {one.name}\n{one.last_words()}" for one in dead or self.last())
                raise AssertionError(f"{what}: not after {seconds} s, or a process died{quoted}")
            time.sleep(0.05)

    def last(self) -> list[Process]:
        return list(self.running.values())[-1:]

    def stop(self) -> None:
        """Ends them all, the last one first; also those that another process started in this folder."""
        files = sorted(self.folder.glob("*.pid"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
        for file in files:
            self.stop_one(file.stem)

    def stop_one(self, name: str) -> None:
        """Ends one of them, if it runs."""
        file = self._pid_file(name)
        if process := self.running.pop(name, None):
            process.stop()
        elif file.exists():
            end(int(file.read_text()))
        file.unlink(missing_ok=True)


def end(pid: int, patience: float = 10) -> None:
    """Ends a process that isn't a child, by its id, and waits until it is gone."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + patience
        try:
            os.kill(pid, number)
            while time.monotonic() < deadline:
                os.kill(pid, 0)
                time.sleep(0.05)
        except ProcessLookupError:
            return


def free_ports(count: int, host: str = "127.0.0.1") -> list[int]:
    """TCP ports that nothing listens on, all different."""
    listeners = [socket.create_server((host, 0)) for _ in range(count)]
    try:
        return [listener.getsockname()[1] for listener in listeners]
    finally:
        for listener in listeners:
            listener.close()
