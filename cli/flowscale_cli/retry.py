"""flowscale retry: the same request as a new run."""

import typer

from flowscale_cli.connection import client
from flowscale_cli.options import Data, KeyFile, RunName, Url
from flowscale_cli.output import say


def command(run_id: RunName, url: Url = None, key_file: KeyFile = None, data: Data = None) -> None:
    """Submit the request of an earlier run again; prints the new run's id.

    Example: flowscale get $(flowscale retry 0198c1de-7f3a-7b1e-a111-2f6d3c1b5a10) -o results
    """
    with client(url, key_file, data) as found:
        fresh = found.runs.retry(run_id)
    typer.echo(fresh)
    say(f"run {fresh} repeats {run_id}")
