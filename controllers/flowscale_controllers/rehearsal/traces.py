"""Recorded arrivals: CSV with a heading or JSON lines, as `flowscale runs --json` prints them too."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flowscale_controllers.errors import TraceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

AT = ("at", "created_at", "timestamp", "time")
SECONDS = ("seconds", "execution_time", "duration")
DEPLOYMENT = ("deployment", "workflow_id")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A run that was submitted: when, how long it computed (None: unknown), and to which deployment ("": unknown)."""

    at: float
    seconds: float | None = None
    deployment: str = ""


def read(path: Path) -> list[Arrival]:
    """The arrivals of a file, in order of time. Raises TraceError that names file and line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TraceError(f"{path} can't be read: {error}") from error
    rows = _json(text, path) if text.lstrip().startswith(("{", "[")) else _csv(text)
    arrivals = sorted((_arrival(row, path, line) for line, row in rows), key=lambda arrival: arrival.at)
    if not arrivals:
        raise TraceError(f"{path} holds no arrivals: a line for each run is needed, with its time under `at`")
    return arrivals


def _json(text: str, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    if text.lstrip().startswith("["):
        yield from enumerate(_parsed(text, path, 1), 1)
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield number, _parsed(line, path, number)


def _parsed(text: str, path: Path, line: int) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise TraceError(f"{path}:{line}: this is not JSON: {error}") from error


def _csv(text: str) -> Iterable[tuple[int, dict[str, Any]]]:
    return enumerate(csv.DictReader(text.splitlines()), 2)


def _arrival(row: Any, path: Path, line: int) -> Arrival:
    if not isinstance(row, dict):
        raise TraceError(f"{path}:{line}: a run is an object with its time under `at`")
    at, seconds = _found(row, AT), _found(row, SECONDS)
    if at is None:
        raise TraceError(f"{path}:{line}: no time: give it under {', '.join(AT)} (seconds, or ISO 8601)")
    return Arrival(
        _moment(at, path, line),
        None if seconds is None else _number(seconds, path, line),
        str(_found(row, DEPLOYMENT) or ""),
    )


def _found(row: dict[str, Any], names: Iterable[str]) -> Any:
    return next((row[name] for name in names if row.get(name) not in (None, "")), None)


def _moment(written: Any, path: Path, line: int) -> float:
    try:
        moment = datetime.fromisoformat(str(written))
    except ValueError:
        return _number(written, path, line)
    if moment.tzinfo is None:
        raise TraceError(f"{path}:{line}: {written} has no time zone: write it with one, such as Z")
    return moment.timestamp()


def _number(written: Any, path: Path, line: int) -> float:
    try:
        number = float(written)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number) or number < 0:
        raise TraceError(f"{path}:{line}: {written!r} is neither a number of seconds nor a time")
    return number
