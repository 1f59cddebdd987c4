"""Waiting for a run at a terminal: a bar on stderr, outputs saved, Ctrl-C cancels the run."""

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from flowscale_cli.errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flowscale import FlowScaleClient, Progress, Run


def followed(found: "FlowScaleClient", run_id: str, timeout: float) -> "Run":
    """The run once it has ended well; raises as the client does, and Interrupted after Ctrl-C."""
    try:
        with bar() as tell:
            return found.runs.wait_for_completion(run_id, timeout=timeout, on_progress=tell)
    except KeyboardInterrupt:
        raise Interrupted(cancelled(found, run_id)) from None


def cancelled(found: "FlowScaleClient", run_id: str) -> str:
    """Cancels a run that nobody waits for any more; says what came of it."""
    from flowscale import FlowScaleError

    try:
        found.runs.cancel(run_id)
    except FlowScaleError as error:
        return f"interrupted, and run {run_id} could not be cancelled: {error}"
    return f"interrupted: run {run_id} was cancelled"


def saved(run: "Run", folder: Path) -> list[Path]:
    """Downloads the outputs of a run into a folder, under their own names without any path."""
    folder.mkdir(parents=True, exist_ok=True)
    return [output.save(folder) for output in run.outputs]


@contextmanager
def bar() -> "Iterator[Callable[[Progress], None] | None]":
    """What is told about progress draws a bar for as long as the block lasts; None where no terminal shows it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as drawn:
        task = drawn.add_task("queued", total=100)
        yield lambda heard: drawn.update(task, description=heard.status, completed=heard.percent)
