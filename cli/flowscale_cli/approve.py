"""flowscale approve: agreeing to what a promotion or a pipeline waits for."""

import getpass
import time
from pathlib import Path
from typing import Annotated

import typer

from flowscale_cli.errors import CliError
from flowscale_cli.options import Data
from flowscale_cli.output import say
from flowscale_cli.promote import State, where

Id = Annotated[str, typer.Argument(help="The promotion or pipeline that waits.", metavar="ID")]
By = Annotated[str | None, typer.Option("--as", help="Who decides. [default: the user of this machine]")]
Comment = Annotated[str, typer.Option(help="Why.")]
Groups = Annotated[list[str] | None, typer.Option("--group", help="A group that they are in. Repeatable.")]


def command(
    id_: Id,
    by: By = None,
    groups: Groups = None,
    comment: Comment = "",
    state: State = None,
    data: Data = None,
) -> None:
    """Agree to what waits. The promotion goes on with `flowscale promote NAME --id ID`.

    Example: flowscale approve release-20260131-120000-a1b2c3 --as lead@example.com
    """
    decided(id_, by, groups, comment, where(state, data or Path(".flowscale")), approved=True)


def decided(
    id_: str, by: str | None, groups: list[str] | None, comment: str, kept: str, *, approved: bool
) -> None:
    """Writes a decision down for all requests of a promotion that wait for this person."""
    from flowscale_jobs import approvals
    from flowscale_jobs.batches.plans import home
    from flowscale_jobs.errors import JobError

    place, who = home(kept, id_), by or getpass.getuser()
    asked = approvals.waiting(place, time.time())
    if not asked:
        raise CliError(f"{id_} waits for nobody")
    decision, refusals = approvals.Decision(who, approved, time.time(), comment), []
    for name, request in asked:
        try:
            approvals.save(place, name, request.decided(decision, groups or ()))
        except JobError as error:
            refusals.append(str(error))
    if len(refusals) == len(asked):
        raise CliError("; ".join(refusals))
    say(f"{who} {'approved' if approved else 'rejected'} {id_}")
