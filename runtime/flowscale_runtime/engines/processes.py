"""How host processes end: with everything they started, with their parent, first where memory is short.

`python -m flowscale_runtime.engines.processes PROGRAM ARGUMENT...` becomes a program that ends with its parent.
"""

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import psutil

MARK = "FLOWSCALE_HOST"
PR_SET_PDEATHSIG = 1
OUT_OF_MEMORY_FIRST = "1000"
# Threads of torch that wait sleep instead of spinning: other hosts and the gateway want the cores too.
PATIENT = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0"}


def end(pid: int, mark: str) -> None:
    """Kills the process group of a host and whatever else carries its mark in its environment."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    for stray in marked(mark):
        with suppress(psutil.Error):
            stray.kill()


def end_children(pid: int) -> None:
    """Kills what a host has started, and leaves the host."""
    with suppress(psutil.Error):
        for child in psutil.Process(pid).children(recursive=True):
            with suppress(psutil.Error):
                child.kill()


def marked(mark: str) -> list[psutil.Process]:
    """Processes that were started below a host, also those that left its process group."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(MARK) == mark:
                found.append(process)
    return found


def resident(pid: int) -> int:
    """Bytes of memory that a process and its children hold."""
    total = 0
    with suppress(psutil.Error):
        host = psutil.Process(pid)
        for process in (host, *host.children(recursive=True)):
            with suppress(psutil.Error):
                total += process.memory_info().rss
    return total


def die_with_parent() -> None:
    """Linux ends this process when the thread that started it does."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def die_first() -> None:
    """Linux takes this process first where memory runs out."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(OUT_OF_MEMORY_FIRST)


if __name__ == "__main__":
    die_with_parent()
    os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606  the worker names the program
