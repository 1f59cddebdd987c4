"""Checks of the machine and of what is installed on it."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from flowscale_cli.checks.findings import Finding, failure, ok, warning

OLDEST = (3, 11)
GIB = 1 << 30
DISK_LEAST, DISK_ENOUGH = GIB, 10 * GIB
MEMORY_LEAST, MEMORY_ENOUGH = GIB, 4 * GIB
_ASK = """
import torch
cards = [torch.cuda.get_device_properties(number) for number in range(torch.cuda.device_count())]
shown = ", ".join(f"{card.name} ({card.total_memory / 2**30:.0f} GiB)" for card in cards)
print(f"torch {torch.__version__} on", shown or f"the CPU ({torch.get_num_threads()} threads), no GPU")
"""
NEEDED = {"gateway": ("fastapi", "sqlalchemy", "uvicorn"), "executor": ("torch", "av", "safetensors")}


def python(running: tuple[int, ...] = tuple(sys.version_info[:3])) -> Iterator[Finding]:
    """Whether this Python is new enough."""
    shown = ".".join(map(str, running))
    if running[:2] < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        yield failure("python", f"Python {shown}", f"install Python {wanted} or newer and set up again")
    else:
        yield ok("python", f"Python {shown}")


def installation() -> Iterator[Finding]:
    """Whether what serving needs is installed, and only one package is called flowscale."""
    from flowscale.installation import mixed

    for extra, modules in NEEDED.items():
        absent = [name for name in modules if find_spec(name) is None]
        if absent:
            remedy = f'install "flowscale-platform[{extra}]" ([serve] has all that one machine needs)'
            yield failure("installation", f"{', '.join(absent)} not installed", remedy)
    if problem := mixed():
        yield failure("installation", problem.partition(": ")[0], problem.partition(": ")[2])
    try:
        yield ok("installation", f"flowscale-platform {version('flowscale-platform')}")
    except PackageNotFoundError:
        yield failure(
            "installation", "flowscale-platform is not installed", "install it, or run scripts/setup"
        )


def accelerator() -> Iterator[Finding]:
    """What torch computes on, asked of a process of its own: a broken driver may take its process down."""
    if find_spec("torch") is None:
        return
    asked = subprocess.run([sys.executable, "-c", _ASK], capture_output=True, text=True, check=False)  # noqa: S603
    if asked.returncode:
        last = (asked.stderr.strip().splitlines() or [f"exit code {asked.returncode}"])[-1]
        yield failure("torch", f"torch can't be loaded: {last}", "install torch for this machine again")
    else:
        yield ok("torch", asked.stdout.strip())


def disk(folder: Path) -> Iterator[Finding]:
    """Whether there is room for outputs."""
    there = next(path for path in (folder.resolve(), *folder.resolve().parents) if path.exists())
    free = shutil.disk_usage(there).free
    yield _amount("disk", free, DISK_LEAST, DISK_ENOUGH, f"free for {folder}", "free some, or use --data")


def memory() -> Iterator[Finding]:
    """Whether a run has memory to compute in."""
    if find_spec("psutil") is None:
        return
    import psutil

    free = int(psutil.virtual_memory().available)
    yield _amount("memory", free, MEMORY_LEAST, MEMORY_ENOUGH, "available", "end what else runs here")


def _amount(check: str, found: int, least: int, enough: int, what: str, hint: str) -> Finding:
    said = f"{found / GIB:.1f} GiB {what}"
    if found < least:
        return failure(check, said, hint)
    return ok(check, said) if found >= enough else warning(check, said, hint)
