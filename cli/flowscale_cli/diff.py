"""flowscale diff: what changed between two workflow files, whatever their nodes are numbered."""

from pathlib import Path
from typing import Annotated

import typer

from flowscale_cli.errors import UsageError
from flowscale_cli.options import AsJson
from flowscale_cli.output import emit
from flowscale_cli.workflow_files import executable, needs, opened

CHANGED = 1


def command(
    before: Annotated[Path, typer.Argument(help="The older workflow file, or a picture that carries one.")],
    after: Annotated[Path, typer.Argument(help="The newer one.")],
    folder: Annotated[
        Path, typer.Option(help="Whose custom_nodes/ define the classes of editor files.")
    ] = Path(),
    svg: Annotated[Path | None, typer.Option(help="Draw the difference into this file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Tell what changed between two workflows: nodes added, removed, rewired, values, titles. Exits with 1 if anything.

    Example: flowscale diff old/workflow.json new/workflow.json --svg changes.svg
    """
    from flowscale_cli.packs import definitions
    from flowscale_workflows.differences import diff

    files = opened(before), opened(after)
    known = definitions(folder) if any(file.graph is None for file in files) else {}
    changes = diff(*(executable(file, known) for file in files))
    if svg is not None:
        try:
            from flowscale_workflows.picture import drawn
        except ImportError as error:
            raise needs("drawing", error) from error
        try:
            svg.write_text(drawn(changes))
        except OSError as error:
            raise UsageError(f"{svg} can't be written: {error.strerror}") from error
    if as_json:
        emit(changes.to_json())
    elif changes:
        typer.echo(changes.to_text())
    raise typer.Exit(CHANGED if changes else 0)
