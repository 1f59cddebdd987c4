"""The command line: verbs, one way to fail, no traceback for the user."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from flowscale_cli import (
    approve,
    audit,
    backup,
    batch,
    bench,
    cancel,
    controllers,
    convert,
    destroy,
    diff,
    doctor,
    drift,
    erase,
    gateway,
    get,
    gitops,
    history,
    import_,
    init,
    keys,
    logs,
    merge,
    models,
    nodes,
    pin,
    pipeline,
    plan,
    preview,
    promote,
    promotions,
    refresh,
    reject,
    restore,
    retry,
    rollback,
    run,
    runs,
    schema,
    serve,
    simulate,
    up,
    validate,
    worker,
    workflows,
)
from flowscale_cli.errors import CliError
from flowscale_cli.output import say
from flowscale_jobs.errors import JobError

app = typer.Typer(
    name="flowscale",
    help="Serve ComfyUI workflows as production APIs, from YAML specs in git.",
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage, 3 specs are wrong, 4 no server or no access, "
    "5 the run failed, 6 the cluster drifted, 7 a policy forbids it, 130 Ctrl-C.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
VERBS = (
    init,
    import_,
    convert,
    diff,
    merge,
    validate,
    doctor,
    serve,
    gateway,
    worker,
    run,
    runs,
    get,
    logs,
    cancel,
    retry,
    erase,
    bench,
    simulate,
    controllers,
    pin,
    plan,
    promote,
    promotions,
    approve,
    reject,
    backup,
    restore,
    preview,
    up,
    drift,
    refresh,
    rollback,
    history,
    destroy,
    gitops,
)
for module in (*VERBS, schema):
    app.command(module.__name__.rpartition(".")[2].rstrip("_"))(module.command)
app.add_typer(batch.app, name="batch")
app.add_typer(audit.app, name="audit")
app.add_typer(keys.app, name="keys")
app.add_typer(models.app, name="models")
app.add_typer(nodes.app, name="nodes")
app.add_typer(pipeline.app, name="pipeline")
app.add_typer(workflows.app, name="workflows")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("flowscale-platform"))
        raise typer.Exit


@app.callback()
def options(
    show_version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and end.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    """Serve ComfyUI workflows as production APIs, from YAML specs in git."""


def main() -> None:
    """The `flowscale` program."""
    try:
        app()
    except CliError as error:
        say(f"flowscale: {error}")
        sys.exit(error.code)
    except JobError as error:
        say(f"flowscale: {error}")
        sys.exit(CliError.code)
    except BrokenPipeError:
        sys.exit(0)
