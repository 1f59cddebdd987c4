"""Options and settings of the processes that share stores. What is secret comes from the environment, or from a file
that the environment names with _FILE."""

import os
from pathlib import Path
from typing import Annotated

import typer

from flowscale_cli.errors import UsageError

Database = Annotated[
    str,
    typer.Option(
        help="The PostgreSQL database that all share, postgresql://USER@HOST/NAME.",
        envvar="FLOWSCALE_DATABASE",
    ),
]
Objects = Annotated[
    str,
    typer.Option(
        help="Where objects lie: s3://BUCKET/PREFIX, or a folder that all see.", envvar="FLOWSCALE_OBJECTS"
    ),
]
Scratch = Annotated[
    Path,
    typer.Option(
        "--data", help="A folder of this process alone, for what can be made again.", envvar="FLOWSCALE_DATA"
    ),
]
LogFormat = Annotated[str, typer.Option(help="text or json; json where nobody looks.")]


def setting(name: str, given: str = "") -> str:
    """A setting: as it was given, else from the variable of this name, else from the file that NAME_FILE names."""
    if given or (given := os.environ.get(name, "")):
        return given
    path = os.environ.get(f"{name}_FILE")
    if path is None:
        return ""
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise UsageError(f"{name}_FILE names {path}, which can't be read: {error.strerror}") from error


def needed(name: str, given: str = "") -> str:
    """The same, where the process can't do without. Raises UsageError."""
    if not (found := setting(name, given)):
        raise UsageError(f"set {name}, or {name}_FILE to a file that holds it")
    return found
