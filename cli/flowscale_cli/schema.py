"""flowscale schema: JSON Schema of the specs, for editors."""

import json
from pathlib import Path
from typing import Annotated

import typer

from flowscale_cli.errors import SpecsWrong
from flowscale_cli.output import emit, say


def command(
    check: Annotated[
        Path | None,
        typer.Option(help="Compare with this file instead; exit code 3 where it differs (for CI)."),
    ] = None,
) -> None:
    """Print the JSON Schema that editors complete and check specs with.

    Example: flowscale schema > flowscale.schema.json
    """
    from flowscale_specs import json_schema

    if check is None:
        emit(json_schema())
        return
    try:
        written = json.loads(check.read_text())
    except (OSError, ValueError) as error:
        raise SpecsWrong(f"{check} holds no schema: {error}") from error
    if written != json_schema():
        raise SpecsWrong(f"{check} is out of date: run `flowscale schema > {check}`")
    say(f"{check} is up to date")
