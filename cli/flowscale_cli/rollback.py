"""flowscale rollback: back to releases that were served before."""

from pathlib import Path
from typing import Annotated

import typer

from flowscale_cli.options import AsJson, Environment, Folder
from flowscale_cli.output import emit, say
from flowscale_cli.stacks import Backend, Target, Unlock, Yes, confirm, operators, summary, told


def command(
    folder: Folder = Path(),
    environment: Environment = None,
    deployment: Annotated[
        list[str] | None, typer.Option("--deployment", "-d", help="Which. [default: all]")
    ] = None,
    to: Annotated[
        str | None, typer.Option(help="A digest that was served, or its start. [default: what was before]")
    ] = None,
    target: Target = None,
    backend: Backend = None,
    unlock: Unlock = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Serve the releases that were served before, by the digests that were recorded: nothing is built.

    A rollback stands until git names other releases than those that were left.

    Example: flowscale rollback portrait -e production -d portrait --to sha256:3f5a --yes
    """
    outcomes = []
    for operator in operators(folder, environment, target, backend=backend, unlock=unlock):
        with told():
            confirm(f"Roll {operator.place.stack} back?", yes)
            outcomes.append(operator.rollback(deployment or (), to))
        say(f"{outcomes[-1].stack}: {summary(outcomes[-1].changes)}")
    if as_json:
        emit([outcome.to_json() for outcome in outcomes])
