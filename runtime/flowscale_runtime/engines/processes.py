"""Ending a process with everything it started, and measuring what they hold together."""

import os
import signal
from contextlib import suppress

import psutil

MARK = "FLOWSCALE_HOST"


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
