"""flowscale batch: many runs of one deployment, begun, looked at, ended, collected."""

import asyncio
import json
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowscale_cli.connection import client, credentials
from flowscale_cli.errors import CliError, RunFailed, UsageError
from flowscale_cli.options import AsJson, Data, Environment, KeyFile, Url
from flowscale_cli.output import emit, say, table
from flowscale_cli.specs import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flowscale_jobs.batches.plans import Plan
    from flowscale_jobs.batches.status import Status
    from flowscale_jobs.places import Place

app = typer.Typer(no_args_is_help=True, help="Many runs of one deployment: begin, look, end, collect.")

BatchId = Annotated[str, typer.Argument(help="The batch's id.", metavar="BATCH_ID")]
Folder = Annotated[Path, typer.Option("--folder", "-f", help="The folder with the specs.")]
State = Annotated[
    str | None,
    typer.Option(
        help="Where batches are kept: a folder, or an address as s3://bucket/batches. [default: DATA/batches]",
        envvar="FLOWSCALE_BATCHES",
    ),
]
COLUMNS = ("batch_id", "state", "done", "size", "cost", "reason")


@app.command()
def submit(
    name: Annotated[str, typer.Argument(help="The Batch spec.")],
    folder: Folder = Path(),
    environment: Environment = None,
    state: State = None,
    resume: Annotated[str | None, typer.Option(help="Go on with this batch.", metavar="BATCH_ID")] = None,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Whether to feed here and wait; else it goes on alone.")
    ] = True,
    url: Url = None,
    key_file: KeyFile = None,
    data: Data = None,
) -> None:
    """Begin a batch that the specs declare, or go on with one. Ctrl-C stops the feeding; resume it any time.

    Example: flowscale batch submit catalogue --folder examples/03-catalogue
    """
    from flowscale_jobs.batches import plans

    data = data or folder / ".flowscale"
    where = _state(state, data)
    if resume is not None:
        plan = plans.kept(plans.home(where, resume), resume)
    else:
        plan = plans.Plan.new(name, _spec(folder, environment, name), folder, datetime.now(UTC))
    place = plans.home(where, plan.id)
    plan.save(place)
    typer.echo(plan.id)
    if wait:
        _feed(plan, place, url, key_file, data)
    else:
        _detach(where, plan.id, url, key_file, data)


@app.command()
def feed(
    batch_id: BatchId,
    plan: Annotated[
        str | None, typer.Option(help="The plan as JSON, where the batch has none yet: {name, spec}.")
    ] = None,
    shared: Annotated[str, typer.Option(help="With a plan: JSON of inputs that all its runs have.")] = "{}",
    state: State = None,
    url: Url = None,
    key_file: KeyFile = None,
    data: Data = None,
) -> None:
    """Feed a batch until it ends: what `submit` and Argo's pods run. Start it again after any death.

    Exit code 5 says that the batch ended and not all items completed; 1 that it paused and may be started again.

    Example: flowscale batch feed catalogue-20260131-120000-a1b2c3 --state s3://bucket/batches
    """
    from flowscale_jobs.batches import plans

    place = plans.home(_state(state, data), batch_id)
    if plan is not None and place.read(plans.FILE) is None:
        given = json.loads(plan)
        given["spec"]["shared"] = {**given["spec"].get("shared", {}), **json.loads(shared)}
        plans.Plan.from_json({"folder": ".", "begunAt": time.time(), **given, "id": batch_id}).save(place)
    _feed(plans.kept(place, batch_id), place, url, key_file, data)


@app.command()
def status(
    batch_id: Annotated[str | None, typer.Argument(help="One batch; all unless said.")] = None,
    state: State = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show how far batches are.

    Example: flowscale batch status
    """
    from flowscale_jobs.batches import plans
    from flowscale_jobs.batches import status as statuses
    from flowscale_jobs.places import Place

    where = _state(state, data)
    plan_files = [name for name in Place.at(where).names() if name.endswith(f"/{plans.FILE}")]
    names = [batch_id] if batch_id else [name.partition("/")[0] for name in plan_files]
    rows = []
    for name in names:
        place = plans.home(where, name)
        plans.kept(place, name)
        rows.append({"batch_id": name, **statuses.shown(place.read_json(statuses.FILE), time.time())})
    if as_json:
        emit(rows[0] if batch_id else rows)
    else:
        table(COLUMNS, rows)


@app.command()
def cancel(batch_id: BatchId, state: State = None, data: Data = None) -> None:
    """End a batch: nothing more is begun, and what runs is cancelled. What completed is kept.

    Example: flowscale batch cancel catalogue-20260131-120000-a1b2c3
    """
    from flowscale_jobs.batches import plans
    from flowscale_jobs.batches import status as statuses

    place = plans.home(_state(state, data), batch_id)
    plans.kept(place, batch_id)
    found = statuses.shown(place.read_json(statuses.FILE), time.time())
    if found["state"] in statuses.ENDED:
        raise CliError(f"batch {batch_id} has already {found['state']}")
    place.write(statuses.CANCEL, "")
    if found["state"] == "paused":
        place.write_json(statuses.FILE, {**found, "state": "cancelled", "reason": "it was cancelled"})
    say(f"batch {batch_id} ends within seconds")


@app.command()
def results(
    batch_id: BatchId,
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder for outputs.")] = Path("outputs"),
    state: State = None,
    url: Url = None,
    key_file: KeyFile = None,
    data: Data = None,
) -> None:
    """Save the outputs of a batch, as far as it is, with its manifest, report and contact sheet.

    Example: flowscale batch results catalogue-20260131-120000-a1b2c3 -o results
    """
    from flowscale_jobs.batches import plans, reports
    from flowscale_jobs.batches.journal import Journal

    place = plans.home(_state(state, data), batch_id)
    plans.kept(place, batch_id)
    output.mkdir(parents=True, exist_ok=True)
    for name in (reports.MANIFEST, reports.REPORT, reports.SHEET):
        if (content := place.read(name)) is not None:
            (output / name).write_bytes(content)
    journal = Journal(place, "reader")
    journal.load(compact=False)
    with client(url, key_file, data) as found:
        for record in journal.ended():
            if record.state == "completed" and record.run_id:
                for one in found.runs.get(record.run_id).outputs:
                    typer.echo(one.save(output / f"{record.index:06d}-{Path(one.filename).name}"))


def _spec(folder: Path, environment: str | None, name: str) -> Any:
    _, project = read(folder, environment)
    found = {batch.name: batch.spec for batch in project.batches}
    if name not in found:
        known = f"it has {', '.join(found)}" if found else "it has none"
        raise UsageError(f"{folder} declares no Batch {name}: {known}")
    return found[name]


def _state(state: str | None, data: Path | None) -> str:
    return state or str(((data or Path(".flowscale")) / "batches").resolve())


def _feed(plan: "Plan", place: "Place", url: str | None, key_file: Path | None, data: Path | None) -> None:
    """Feeds with a bar, and says how it ended. Raises RunFailed where not all items completed."""
    from flowscale_jobs.batches.doing import do
    from flowscale_jobs.errors import JobError

    url, key = credentials(url, key_file, data)
    try:
        with _bar() as tell:
            found = asyncio.run(do(plan, place, url=url, key=key, tell=tell))
    except JobError as error:
        again = f"go on with: flowscale batch submit {plan.name} --resume {plan.id}"
        raise CliError(f"batch {plan.id} paused: {error}; {again}") from error
    told = ", ".join(f"{count} {state}" for state, count in found.counts.items()) or "no items"
    line = f"batch {plan.id} {found.state}: {told}, ${found.cost:.6f}; report: {place.address}/report.md"
    if found.state != "completed":
        raise RunFailed(f"{line}{f' ({found.reason})' if found.reason else ''}")
    say(line)


def _detach(state: str, batch_id: str, url: str | None, key_file: Path | None, data: Path | None) -> None:
    """Starts a feeder that outlives this command; it says what happens to it in a log."""
    credentials(url, key_file, data)
    given = {"--url": url, "--key-file": key_file, "--data": data}
    words = [part for option, value in given.items() if value is not None for part in (option, str(value))]
    command = [sys.executable, "-m", "flowscale_cli", "batch", "feed", batch_id, "--state", state, *words]
    log = Path(state) / f"{batch_id}.log" if "://" not in state else Path(f"{batch_id}.log")
    with log.open("ab") as file:
        subprocess.Popen(  # noqa: S603 - our own program, words that the user gave
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
        )
    say(f"it is fed by a process of its own (log: {log}); look with: flowscale batch status {batch_id}")


@contextmanager
def _bar() -> "Iterator[Callable[[Status], None]]":
    """What draws a bar for as long as the block lasts; nothing where no terminal shows it."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as drawn:
        task = drawn.add_task("feeding", total=None)

        def tell(found: "Status") -> None:
            bad = sum(
                count for state, count in found.counts.items() if state not in ("submitted", "completed")
            )
            drawn.update(
                task, completed=found.done, total=found.size, description=f"{bad} failed, ${found.cost:.4f}"
            )

        yield tell
