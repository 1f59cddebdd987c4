"""flowscale runs: what ran, newest first."""

from typing import Annotated

import typer

from flowscale_cli.connection import client
from flowscale_cli.options import AsJson, Data, KeyFile, Url
from flowscale_cli.output import emit, table

COLUMNS = ("run_id", "workflow_id", "status", "created_at", "execution_time", "cost")


def command(
    status: Annotated[str | None, typer.Option(help="Only runs in this state.")] = None,
    page: Annotated[int, typer.Option(help="Which page.")] = 1,
    page_size: Annotated[int, typer.Option(help="Runs a page, 1 to 100.")] = 20,
    url: Url = None,
    key_file: KeyFile = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List runs.

    Example: flowscale runs --status failed
    """
    with client(url, key_file, data) as found:
        listed = [dict(run) for run in found.runs.list(page=page, page_size=page_size, status=status)]
    if as_json:
        emit(listed)
    else:
        table(COLUMNS, listed)
