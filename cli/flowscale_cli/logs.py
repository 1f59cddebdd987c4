"""flowscale logs: what the nodes of a run printed."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowscale_cli.connection import client
from flowscale_cli.options import Data, KeyFile, RunName, Url

if TYPE_CHECKING:
    from flowscale import FlowScaleClient

BETWEEN = 0.5  # seconds


def command(
    run_id: RunName,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run has ended.")] = False,
    url: Url = None,
    key_file: KeyFile = None,
    data: Data = None,
) -> None:
    """Print the log of a run.

    Example: flowscale logs 0198c1de-7f3a-7b1e-a111-2f6d3c1b5a10 --follow
    """
    with client(url, key_file, data) as found:
        printed = _print(found, run_id, 0)
        if follow:
            _follow(found, run_id, printed)


def _follow(
    found: "FlowScaleClient", run_id: str, printed: int, pause: Callable[[float], None] = time.sleep
) -> None:
    """Prints lines as they come; asks for the state first, so that the last lines are not missed."""
    while True:
        ended = found.runs.get(run_id).finished
        printed = _print(found, run_id, printed)
        if ended:
            return
        pause(BETWEEN)


def _print(found: "FlowScaleClient", run_id: str, skip: int) -> int:
    """Prints the lines after the first `skip`; answers with how many there are."""
    lines = _lines(found.runs.logs(run_id))
    for line in lines[skip:]:
        typer.echo(line)
    return len(lines)


def _lines(told: Any) -> list[str]:
    return [str(line["message"]) for line in told] if isinstance(told, list) else str(told).splitlines()
