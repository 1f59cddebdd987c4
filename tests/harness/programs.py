"""Finds the programs that the harness starts; says why a test can't run where one is missing."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLCHAIN = ROOT / "scripts/lib/toolchain.py"


class MissingProgramError(LookupError):
    """A program is neither on PATH nor in the toolchain."""


@cache
def program(name: str) -> Path:
    """Where a program of the toolchain is: $FLOWSCALE_TOOLCHAIN, PATH, the cache."""
    asked = [sys.executable, str(TOOLCHAIN), "path", name]
    said = subprocess.run(asked, capture_output=True, text=True, check=False)
    if said.returncode:
        raise MissingProgramError(f"{name} is missing: make it with `scripts/toolchain ensure {name}`")
    return Path(said.stdout.strip())


def need(*names: str) -> list[Path]:
    """The programs' places, for a fixture: a test that lacks one is skipped, and fails in CI."""
    try:
        return [program(name) for name in names]
    except MissingProgramError as missing:
        unavailable(str(missing))


def unavailable(reason: str) -> NoReturn:
    """Skips a test that can't run here. CI has everything: there it fails."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
