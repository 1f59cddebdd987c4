"""Who holds a stack, read from what the engine says, and whether that process still lives."""

from __future__ import annotations

import os
import re
import socket
from dataclasses import dataclass

_LOCKED = ("the stack is currently locked by", "Another update is currently in progress")
_HOLDER = re.compile(r"created by (?P<user>[^@\s]*)@(?P<host>\S+) \(pid (?P<pid>\d+)\) at (?P<at>\S+)")


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that took the lock."""

    user: str
    host: str
    pid: int
    at: str

    def is_dead(self) -> bool:
        """Whether it ran on this machine, and is gone."""
        if self.host != socket.gethostname():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False

    def __str__(self) -> str:
        return f"{self.user}@{self.host} (process {self.pid}), since {self.at}"


@dataclass(frozen=True, slots=True)
class Holders:
    """All that hold a stack; none where the backend doesn't tell."""

    found: tuple[Holder, ...]

    @property
    def all_dead(self) -> bool:
        return bool(self.found) and all(holder.is_dead() for holder in self.found)

    def advice(self) -> str:
        who = ", ".join(map(str, self.found)) or "another update"
        return (
            f"the stack is locked by {who}: wait until that ends; where it died on another machine, "
            "give --unlock, which breaks the lock"
        )


def locked(output: str) -> bool:
    """Whether this is the output of a command that found the stack locked."""
    return any(sign in output for sign in _LOCKED)


def holders(output: str) -> Holders:
    """Who holds the lock."""
    return Holders(
        tuple(
            Holder(match["user"], match["host"], int(match["pid"]), match["at"])
            for match in _HOLDER.finditer(output)
        )
    )
