"""flowscale run: one run from the command line, with progress, its outputs saved."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flowscale_cli.connection import client
from flowscale_cli.inputs import Inputs, given
from flowscale_cli.options import AsJson, Data, KeyFile, Outputs, Timeout, Url
from flowscale_cli.output import emit, say
from flowscale_cli.progress import followed, saved

if TYPE_CHECKING:
    from flowscale import Run


def command(
    deployment: Annotated[
        str | None, typer.Argument(help="The deployment; not needed where there is one.")
    ] = None,
    inputs: Inputs = None,
    output: Outputs = Path("outputs"),
    url: Url = None,
    key_file: KeyFile = None,
    data: Data = None,
    timeout: Timeout = 600.0,
    more: Annotated[str | None, typer.Option("--inputs", help="Inputs as a JSON object.")] = None,
    idempotency_key: Annotated[
        str | None, typer.Option(help="The same key never starts a second run.")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Whether to wait; else the run's id is printed at once.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Run a deployment and save what it gives. Ctrl-C cancels the run.

    Example: flowscale run photo-upscale -i photo=@photo.jpg -i refine=2 -o results
    """
    values = {**(json.loads(more) if more else {}), **given(inputs)}
    with client(url, key_file, data) as found:
        run_id = found.runs.execute_async(values, workflow_id=deployment, idempotency_key=idempotency_key)
        if wait:
            run = followed(found, run_id, timeout)
            report(run, saved(run, output), as_json)
        elif as_json:
            emit({"run_id": run_id})
        else:
            typer.echo(run_id)
            say(f"wait for its outputs with: flowscale get {run_id} -o {output}")


def report(run: "Run", paths: list[Path], as_json: bool) -> None:
    """What a run gave, and what it took."""
    if as_json:
        emit({**dict(run), "saved": [str(path) for path in paths]})
        return
    for path in paths:
        typer.echo(path)
    cached = ", from the cache" if run.get("cached") else ""
    say(f"{run.status} in {run.execution_time or 0:.2f} s for ${run.cost or 0:.6f}{cached}")
