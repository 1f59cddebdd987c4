"""flowscale pipeline: several steps over deployments, run here, and drawn."""

import asyncio
import base64
import json
import mimetypes
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowscale_cli.connection import credentials
from flowscale_cli.errors import RunFailed, SpecsWrong, UsageError
from flowscale_cli.inputs import Inputs, given
from flowscale_cli.options import Data, Environment, KeyFile, Url
from flowscale_cli.output import emit, say
from flowscale_cli.specs import read

if TYPE_CHECKING:
    from flowscale_specs import ResolvedProject

app = typer.Typer(no_args_is_help=True, help="Several steps over deployments: run them here, or draw them.")

Name = Annotated[str, typer.Argument(help="The Pipeline spec.")]
Folder = Annotated[Path, typer.Option("--folder", "-f", help="The folder with the specs.")]
State = Annotated[
    str | None,
    typer.Option(
        help="Where pipelines are kept: a folder, or an address. [default: DATA/pipelines]",
        envvar="FLOWSCALE_PIPELINES",
    ),
]


@app.command()
def run(
    name: Name,
    inputs: Inputs = None,
    folder: Folder = Path(),
    environment: Environment = None,
    state: State = None,
    run_id: Annotated[
        str | None, typer.Option("--id", help="Its id; an id that was there before goes on behind its steps.")
    ] = None,
    plan: Annotated[
        str | None,
        typer.Option(help="A JSON list of documents, in place of the folder."),
    ] = None,
    more: Annotated[str, typer.Option("--inputs", help="Inputs as a JSON object.")] = "{}",
    url: Url = None,
    key_file: KeyFile = None,
    data: Data = None,
) -> None:
    """Run a pipeline and print what it gives as JSON. After any death, the same --id goes on.

    Example: flowscale pipeline run enhance -i photo=https://example.com/a.jpg --folder examples/03-catalogue
    """
    from flowscale_jobs.batches.plans import home
    from flowscale_jobs.pipelines.doing import Setting, do

    project = read(folder, environment)[1] if plan is None else _planned(plan)
    data = data or folder / ".flowscale"
    where = state or str((data / "pipelines").resolve())
    run_id = run_id or f"{name}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}".lower()
    url, key = credentials(url, key_file, data)
    say(f"pipeline {run_id}")
    setting = Setting(project, url, key, folder.resolve())
    values = {**json.loads(more), **{one: _inline(value) for one, value in given(inputs).items()}}
    ended = asyncio.run(do(setting, name, run_id, values, home(where, run_id)))
    emit(ended.outputs)
    if ended.state != "completed":
        raise RunFailed(f"pipeline {run_id} failed: {ended.error}")


def _planned(plan: str) -> "ResolvedProject":
    """The project that a list of documents makes."""
    from flowscale_specs import parse, resolve

    return resolve(parse("\n---\n".join(map(json.dumps, json.loads(plan))).encode()))


def _inline(value: Any) -> Any:
    """A file as a data: URL, so that the pipeline's request is all JSON and outlives this machine's files."""
    if isinstance(value, list):
        return [_inline(one) for one in value]
    if not isinstance(value, Path):
        return value
    kind = mimetypes.guess_type(value.name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(value.read_bytes()).decode()}"


@app.command()
def draw(
    name: Name,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The SVG file. [default: NAME.svg]")
    ] = None,
    folder: Folder = Path(),
    environment: Environment = None,
) -> None:
    """Check a pipeline and draw its graph.

    Example: flowscale pipeline draw enhance --folder examples/03-catalogue
    """
    from flowscale_jobs.pipelines.checking import faults
    from flowscale_jobs.pipelines.drawing import draw

    _, project = read(folder, environment)
    if problems := faults(project):
        for problem in problems:
            say(problem)
        raise SpecsWrong(
            f"{len(problems)} error{'s' if len(problems) > 1 else ''} in the pipelines of {folder}"
        )
    found = {pipeline.name: pipeline for pipeline in project.pipelines}
    if name not in found:
        raise UsageError(f"{folder} declares no Pipeline {name}: it has {', '.join(found) or 'none'}")
    target = output or Path(f"{name}.svg")
    target.write_text(draw(found[name].spec))
    typer.echo(target)
