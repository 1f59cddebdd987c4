"""How long `flowscale serve` takes until it answers, and until the first run that needs torch has finished.

    python benchmarks/startup.py [--runs 5] [--quick]

Every start is a fresh process. A first start has an empty data folder, so it also makes the database and asks a host
which nodes there are; a second one finds both. Each figure is the median.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from measuring import Measured, Report, Table, median, milliseconds, ratio
from servers import HERE, SERVED, answering, flowscale, free_port, running

FOLDER = SERVED / "picture"
PARTS = HERE / "rigs" / "startup_parts.py"
FLOOR = HERE / "rigs" / "floor_answer.py"


@dataclass(frozen=True)
class Start:
    """Seconds since the process was started: until /readyz answers, until a torch run has finished; and CPU seconds."""

    ready: float
    run: float
    cpu: float


def measure(options: argparse.Namespace) -> Report:
    """Starts, their parts, and two floors."""
    firsts, seconds = zip(*(started() for _ in range(options.runs)), strict=True)
    parts = {name: median(values) for name, values in taken(options.runs).items()}
    answer = median([answers() for _ in range(options.runs)])
    torch = median([timed("import torch") for _ in range(options.runs)])
    tables = [whole({"first": firsts, "second": seconds}, answer, torch), apart(parts)]
    measured = {
        "ready": Measured(
            median([one.ready for one in firsts]),
            beside=f"FastAPI on uvicorn with one route {answer:.2f}",
        ),
        "torch run": Measured(median([one.run for one in firsts]), beside=f"`import torch` {torch:.2f}"),
    }
    return Report(tables, measured)


def started() -> tuple[Start, Start]:
    """A first and a second start on one data folder."""
    with tempfile.TemporaryDirectory(prefix="flowscale-") as data:
        return once(Path(data) / "data", 1), once(Path(data) / "data", 2)


def once(data: Path, color: int) -> Start:
    """One start; the run is another one each time."""
    begun = time.perf_counter()
    with flowscale(FOLDER, data) as server:
        ready = time.perf_counter() - begun
        run = server.submit(b'{"color": %d}' % color, deployment="picture", wait=60)
        if run["status"] != "completed":
            raise SystemExit(f"the run is {run['status']}: {run['error']}")
        return Start(ready, time.perf_counter() - begun, server.process.cpu())


def taken(runs: int) -> dict[str, list[float]]:
    """Seconds that each part takes, by its name."""
    found: dict[str, list[float]] = {}
    names = {
        "imports": ("imports of the server",),
        "database": ("a new database",),
        "specs": ("specs loaded and resolved",),
        "host": ("host process: nodes described", "host process: torch imported"),
    }
    for _ in range(runs):
        for part, shown in names.items():
            command = [sys.executable, str(PARTS), part, str(FOLDER)]
            printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            for name, value in zip(shown, printed.split(), strict=True):
                found.setdefault(name, []).append(float(value))
    return {"Python itself": [timed("pass") for _ in range(runs)], **found}


def answers() -> float:
    """Seconds until FastAPI with one route answers."""
    begun, port = time.perf_counter(), free_port()
    with running([sys.executable, str(FLOOR), str(port)]) as process:
        answering(process, f"http://127.0.0.1:{port}/readyz")
        return time.perf_counter() - begun


def timed(code: str) -> float:
    """Seconds that a fresh Python takes for some code."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - begun


def whole(starts: dict[str, tuple[Start, ...]], answer: float, torch: float) -> Table:
    """From nothing to an answer."""
    rows = [(f"FlowScale, {name} start", *row(many, answer)) for name, many in starts.items()]
    rows.append(("floor: FastAPI on uvicorn, one route", milliseconds(answer), "1.00 x", "-", "-"))
    rows.append(("floor: `python -c 'import torch'`", "-", "-", milliseconds(torch), "-"))
    columns = (
        "start",
        "/readyz ms",
        "over the floor",
        "first torch run finished ms",
        "CPU ms of all processes",
    )
    return Table("From the start of the process", columns, rows)


def row(starts: tuple[Start, ...], answer: float) -> tuple[str, str, str, str]:
    """Starts of one kind."""
    ready, run, cpu = (median([getattr(one, name) for one in starts]) for name in ("ready", "run", "cpu"))
    return milliseconds(ready), ratio(ready, answer), milliseconds(run), milliseconds(cpu)


def apart(parts: dict[str, float]) -> Table:
    """What the time goes to."""
    rows = [(name, milliseconds(seconds)) for name, seconds in parts.items()]
    return Table("Parts, each in a process of its own", ("part", "ms"), rows)


def arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """What can be asked for."""
    parser.add_argument("--runs", type=int, help="starts of each kind (5)")
    parser.add_argument("--quick", action="store_true", help="fewer starts")
    return parser


def settled(options: argparse.Namespace) -> argparse.Namespace:
    """Options with what follows from --quick."""
    options.runs = options.runs or (2 if options.quick else 5)
    return options


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    print(measure(settled(arguments(parser).parse_args())).markdown())


if __name__ == "__main__":
    main()
