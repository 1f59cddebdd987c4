"""What a check says: ok, warn or fail, and what to do about it."""

from dataclasses import asdict, dataclass
from typing import Literal

Status = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    check: str
    status: Status
    message: str
    hint: str = ""

    def to_json(self) -> dict[str, str]:
        return asdict(self)


def ok(check: str, message: str) -> Finding:
    """Nothing to do."""
    return Finding(check, "ok", message)


def warning(check: str, message: str, hint: str) -> Finding:
    """It works, but not as well as it could, or not for long."""
    return Finding(check, "warn", message, hint)


def failure(check: str, message: str, hint: str) -> Finding:
    """Something will not work."""
    return Finding(check, "fail", message, hint)
