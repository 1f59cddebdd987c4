"""flowscale promotions: what is being promoted, how far it is, and who is waited for."""

from pathlib import Path
from typing import Annotated, Any

import typer

from flowscale_cli.options import AsJson, Data
from flowscale_cli.output import emit, table
from flowscale_cli.promote import State, where

COLUMNS = ("id", "state", "stage", "step", "detail")


def command(
    id_: Annotated[str | None, typer.Argument(help="One promotion, step by step.", metavar="ID")] = None,
    state: State = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List promotions, or the steps of one.

    Example: flowscale promotions
    """
    from flowscale_jobs.batches.plans import home
    from flowscale_jobs.places import Place
    from flowscale_jobs.promotions import records

    kept = where(state, data or Path(".flowscale"))
    files = [name for name in Place.at(kept).names() if name.endswith(f"/{records.FILE}")]
    names = [id_] if id_ else [name.partition("/")[0] for name in files]
    found = [record for name in names if (record := records.load(home(kept, name))) is not None]
    rows: list[dict[str, Any]] = [
        {"id": one.id, "stage": entry.stage, "step": entry.step, "detail": entry.detail}
        | {"state": entry.state if id_ else one.state, "at": entry.at}
        for one in found
        for entry in (one.entries if id_ else one.entries[-1:])
    ]
    if as_json:
        emit(rows)
    else:
        table(COLUMNS, rows)
