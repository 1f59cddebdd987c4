"""flowscale models: the weights that a folder's workflows declare, and the cache of this machine that has them."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowscale_cli.errors import CliError, SpecsWrong, UsageError
from flowscale_cli.options import AsJson, Data, Environment, Folder, data_folder
from flowscale_cli.output import emit, say, table, warn
from flowscale_cli.specs import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowscale_runtime.models.store import ModelStore, Place
    from flowscale_runtime.models.values import Tell, Wanted

app = typer.Typer(help="Weights: where they come from, and which are on this machine.", no_args_is_help=True)


@app.command("list")
def listing(
    folder: Folder = Path(), data: Data = None, environment: Environment = None, as_json: AsJson = False
) -> None:
    """List the models that workflows declare: where each comes from, its size, and whether it is here.

    Example: flowscale models list examples/01-photo-upscale
    """
    store = _store(folder, data)
    rows = [
        _row(workflow, wanted, store, place) for workflow, wanted, place in _declared(folder, environment)
    ]
    if as_json:
        emit(rows)
    else:
        table(("workflow", "model", "source", "size", "here"), rows)


@app.command("pull")
def pull(folder: Folder = Path(), data: Data = None, environment: Environment = None) -> None:
    """Fetch every model that workflows declare and that isn't here: in parts, continued where it broke off, checked.

    Example: flowscale models pull portrait
    """
    from flowscale_runtime.models.errors import ModelError

    store, wrong = _store(folder, data), []
    with _bars() as tell:
        for workflow, wanted, place in _declared(folder, environment):
            try:
                path, pin = store.have(wanted, place, tell)
            except ModelError as error:
                wrong.append(f"{workflow}: model {wanted.key}: {error}")
                continue
            typer.echo(f"{wanted.key} {pin.sha256} {path}")
    if wrong:
        for one in wrong:
            warn(one)
        raise CliError(f"{len(wrong)} models can't be had")


@app.command("verify")
def verify(
    remove: Annotated[bool, typer.Option("--remove", help="Remove the files that are damaged.")] = False,
) -> None:
    """Read every file of the cache and compare it with its checksum.

    Example: flowscale models verify --remove
    """
    from flowscale_runtime.models.cache import sha256_of

    cache = _store(Path(), None).cache
    damaged = [blob for blob in cache.blobs() if sha256_of(blob.path) != blob.sha256]
    for blob in damaged:
        warn(f"{blob.path} is damaged")
        if remove:
            cache.drop(blob)
    if damaged and not remove:
        raise CliError(f"{len(damaged)} files are damaged: `flowscale models verify --remove` removes them")
    say(f"{len(cache.blobs())} files in {cache.root} are as they should be")


@app.command("prune")
def prune(
    size: Annotated[
        str, typer.Option(help="How much may stay, such as 20Gi; 0 removes all that isn't in use.")
    ],
) -> None:
    """Let go of the models in the cache that were used the longest ago.

    Example: flowscale models prune --size 20Gi
    """
    from flowscale_specs.values import Memory

    try:
        limit = int(Memory.parse(size))
    except ValueError as error:
        raise UsageError(f"--size {size}: {error}") from error
    gone = _store(Path(), None).cache.prune(limit)
    say(f"removed {len(gone)} files, {sum(blob.size for blob in gone):,} bytes")


def _store(folder: Path, data: Path | None) -> "ModelStore":
    from flowscale_runtime.models.opening import open_models

    return open_models(data_folder(folder, data).resolve())


def _declared(folder: Path, environment: str | None) -> "Iterator[tuple[str, Wanted, Place]]":
    """Every model with its workflow, and where it may lie already."""
    from flowscale_runtime.models.store import Place
    from flowscale_runtime.models.values import declared

    _, project = read(folder, environment)
    if not any(workflow.models for workflow in project.workflows.values()):
        raise SpecsWrong(f"no workflow of {folder} declares models: list them under `models` of a Workflow")
    for workflow in project.workflows.values():
        place = Place(workflow.folder, (workflow.folder / "models",))
        for model in workflow.models:
            yield workflow.name, declared(model), place


def _row(workflow: str, wanted: "Wanted", store: "ModelStore", place: "Place") -> dict[str, Any]:
    path = store.find(wanted, place)
    size = path.stat().st_size if path else wanted.size
    return {
        "workflow": workflow,
        "model": wanted.key,
        "source": wanted.source or "models/",
        "size": size,
        "here": str(path) if path else "",
    }


@contextmanager
def _bars() -> "Iterator[Tell]":
    """A bar for each download, where somebody looks."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as drawn:
        tasks: dict[str, TaskID] = {}

        def tell(model: str, done: int, size: int | None) -> None:
            if model not in tasks:
                tasks[model] = drawn.add_task(model, total=size)
            drawn.update(tasks[model], completed=done, total=size)

        yield tell
