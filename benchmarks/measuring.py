"""What every benchmark reports: tables with ratios, the goals that they answer, and the machine that it ran on."""

from __future__ import annotations

import os
import platform
import statistics
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LIBRARIES = ("fastapi", "starlette", "uvicorn", "sqlalchemy", "torch")


@dataclass(frozen=True)
class Table:
    """Rows of texts under a title. The first column is words, the others are numbers."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """The table as GitHub's Markdown shows it."""
        rule = ["---"] + ["---:"] * (len(self.columns) - 1)
        lines = ["| " + " | ".join(row) + " |" for row in (self.columns, rule, *self.rows)]
        return "\n".join([f"**{self.title}**", "", *lines])


@dataclass(frozen=True)
class Measured:
    """The answer to a goal, in the goal's unit; under which conditions, and what others took for the same."""

    value: float
    conditions: str = ""
    beside: str = ""


@dataclass(frozen=True)
class Report:
    """What a benchmark found. `measured` answers goals by their key."""

    tables: Sequence[Table]
    measured: Mapping[str, Measured] = field(default_factory=dict)
    notes: Sequence[str] = ()

    def markdown(self) -> str:
        """Tables, then what must be said about them."""
        said = ["\n".join(f"- {note}" for note in self.notes)] if self.notes else []
        return "\n\n".join([*(table.markdown() for table in self.tables), *said])


def milliseconds(seconds: float) -> str:
    """Seconds as milliseconds, with as many digits as they deserve."""
    return f"{seconds * 1000:.2f}" if seconds < 0.1 else f"{seconds * 1000:,.0f}"


def ratio(value: float, base: float) -> str:
    """How many times `base` a value is."""
    return f"{value / base:.2f} x" if base else "-"


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that `percent` of all lie below; the largest one where there are too few."""
    if len(values) < 2:
        return max(values)
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def machine() -> list[str]:
    """Facts of this machine that the numbers depend on."""
    memory = psutil.virtual_memory().total / 2**30
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return [
        f"- {os.cpu_count()} cores ({processor()}), {memory:.0f} GiB of memory, {platform.system()} {platform.release()}",
        f"- Python {platform.python_version()}, {libraries}",
    ]


def processor() -> str:
    """The processor's name."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def load() -> float:
    """How busy this machine was in the last minute, in cores."""
    return os.getloadavg()[0]
