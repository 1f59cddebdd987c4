"""flowscale audit: who changed what, exported and compared with its seals."""

from typing import Annotated

import typer

from flowscale_cli.connection import credentials
from flowscale_cli.control import Control
from flowscale_cli.errors import CliError
from flowscale_cli.options import Data, KeyFile, Url
from flowscale_cli.output import say

app = typer.Typer(
    help="Who changed what: export the log, and check that nobody changed it.", no_args_is_help=True
)


@app.command("export")
def export(url: Url = None, key_file: KeyFile = None, data: Data = None) -> None:
    """Print all entries, the oldest first, one JSON object a line.

    Example: flowscale audit export > audit.jsonl
    """
    with Control(*credentials(url, key_file, data)) as control:
        for line in control.lines("audit/export"):
            typer.echo(line)


@app.command("head")
def head(url: Url = None, key_file: KeyFile = None, data: Data = None) -> None:
    """Print the digest of the newest seal: keep it where the server's administrators can't reach it.

    Example: flowscale audit head >> audit-heads.txt
    """
    with Control(*credentials(url, key_file, data)) as control:
        typer.echo(control.ask("GET", "audit/head")["digest"])


@app.command("verify")
def verify(
    head: Annotated[
        str | None, typer.Option(help="A digest that `flowscale audit head` once printed.")
    ] = None,
    url: Url = None,
    key_file: KeyFile = None,
    data: Data = None,
) -> None:
    """Compare the log with its seals; ends with exit code 1 where an entry was changed, removed or put in.

    Example: flowscale audit verify --head "$(tail -1 audit-heads.txt)"
    """
    with Control(*credentials(url, key_file, data)) as control:
        told = control.ask("GET", f"audit/verify{f'?head={head}' if head else ''}")
    for problem in told["problems"]:
        typer.echo(f"block {problem['block']}: {problem['what']}")
    if not told["intact"]:
        raise CliError("the audit log is not as it was sealed")
    say("the audit log is as it was sealed")
