"""flowscale get: one run, and its outputs."""

from pathlib import Path
from typing import Annotated

import typer

from flowscale_cli.connection import client
from flowscale_cli.options import AsJson, Data, KeyFile, RunName, Timeout, Url
from flowscale_cli.output import emit, table
from flowscale_cli.progress import followed, saved
from flowscale_cli.run import report


def command(
    run_id: RunName,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Wait for the end and save the outputs in this folder."),
    ] = None,
    url: Url = None,
    key_file: KeyFile = None,
    data: Data = None,
    timeout: Timeout = 600.0,
    as_json: AsJson = False,
) -> None:
    """Show a run as it is now, or wait for it and save its outputs.

    Example: flowscale get 0198c1de-7f3a-7b1e-a111-2f6d3c1b5a10 -o results
    """
    with client(url, key_file, data) as found:
        if output is not None:
            run = followed(found, run_id, timeout)
            report(run, saved(run, output), as_json)
            return
        run = found.runs.get(run_id)
    if as_json:
        emit(dict(run))
    else:
        table(
            ("field", "value"), [{"field": name, "value": run[name]} for name in run if run[name] is not None]
        )
