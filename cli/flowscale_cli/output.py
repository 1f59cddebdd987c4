"""What is printed: results for machines on stdout, words for people on stderr."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import typer


def emit(value: Any) -> None:
    """A JSON value on stdout."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def say(message: str) -> None:
    """A line for the person at the terminal."""
    typer.echo(message, err=True)


def warn(message: str) -> None:
    """A line that should be seen."""
    typer.secho(message, err=True, fg=typer.colors.YELLOW)


def table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Rows under headings on stdout; tab-separated where nobody looks."""
    found = [["" if row.get(name) is None else str(row.get(name)) for name in columns] for row in rows]
    if not sys.stdout.isatty():
        for cells in [list(columns), *found]:
            typer.echo("\t".join(cells))
        return
    from rich.console import Console  # only where a terminal shows it
    from rich.table import Table

    drawn = Table(*columns, box=None, header_style="bold")
    for cells in found:
        drawn.add_row(*cells)
    Console().print(drawn)
