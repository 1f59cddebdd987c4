"""flowscale init: a new spec folder, empty or from a template."""

from pathlib import Path
from typing import Annotated

import typer

from flowscale_cli import templates
from flowscale_cli.folders import files, stack_files, write
from flowscale_cli.naming import document_name
from flowscale_cli.options import AsJson, Force
from flowscale_cli.output import emit, say, table


def command(
    folder: Annotated[Path, typer.Argument(help="The folder to make.")] = Path(),
    template: Annotated[
        str,
        typer.Option("--template", "-t", help="What it starts from.", autocompletion=templates.names),
    ] = templates.DEFAULT,
    name: Annotated[str, typer.Option(help="The workflow's name. [default: the folder's]")] = "",
    show_list: Annotated[bool, typer.Option("--list", help="List the templates and end.")] = False,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Make a folder that can be served: a spec, a workflow that ComfyUI opens too, a README and .gitignore.

    `Pulumi.yaml` and a program of two lines are there for those who type `pulumi up` themselves.

    Example: flowscale init thumbs --template thumbnails && flowscale serve thumbs
    """
    if show_list:
        _list(as_json)
        return
    chosen = templates.find(template)
    called = document_name(name or folder.resolve().name)
    contents = {**files(called, chosen.renamed(called), chosen.workflow, {}), **stack_files(called)}
    write(folder, contents, force=force)
    if as_json:
        emit({"folder": str(folder), "name": called, "template": chosen.name})
        return
    typer.echo(folder)
    say(f"{chosen.description} Serve it with: flowscale serve {folder}")


def _list(as_json: bool) -> None:
    found = [templates.find(name) for name in templates.names()]
    rows = [{"name": each.name, "description": each.description} for each in found]
    if as_json:
        emit(rows)
    else:
        table(("name", "description"), rows)
