"""The programs that packs are fetched and installed with: git and uv."""

import os
import subprocess
from pathlib import Path

from flowscale_runtime.packs.errors import NoProgram

LONGEST = 1800  # seconds
QUIET = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}


class Failed(Exception):
    """A program ended with an error; the message is what it said."""


def git(*words: str, folder: Path | None = None) -> str:
    """What git prints. Raises Failed, NoProgram."""
    return _run(["git", "-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never", *words], folder)


def uv(*words: str, given: str = "") -> str:
    """What uv prints. Raises Failed, NoProgram."""
    try:
        from uv import find_uv_bin  # a verb that installs nothing doesn't need it

        program = find_uv_bin()
    except (ImportError, FileNotFoundError) as error:
        raise NoProgram("uv is not installed, which packs are installed with: pip install uv") from error
    return _run([str(program), "--no-config", "--no-progress", *words], None, given)


def _run(command: list[str], folder: Path | None, given: str = "") -> str:
    try:
        done = subprocess.run(  # noqa: S603  no shell; what comes from specs stands behind `--` or is a file
            command,
            cwd=folder,
            env=os.environ | QUIET,
            input=given,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LONGEST,
            check=False,
        )
    except FileNotFoundError as error:
        raise NoProgram(f"{command[0]} is not installed, which packs are fetched with") from error
    except subprocess.TimeoutExpired as error:
        raise Failed(f"it took longer than {LONGEST} seconds") from error
    if done.returncode != 0:
        raise Failed((done.stderr or done.stdout).strip() or f"it ended with {done.returncode}")
    return done.stdout
