"""flowscale merge: three versions of a workflow file made one, also as git's merge driver."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flowscale_cli.errors import CliError, UsageError
from flowscale_cli.options import AsJson
from flowscale_cli.output import emit, say
from flowscale_cli.workflow_files import kept, opened

if TYPE_CHECKING:
    from flowscale_workflows.formats import WorkflowFile
    from flowscale_workflows.merging import Merged


def command(
    base: Annotated[Path, typer.Argument(help="The version that both sides began with (git: %O).")],
    ours: Annotated[Path, typer.Argument(help="Our version, which takes the result (git: %A).")],
    theirs: Annotated[Path, typer.Argument(help="Their version (git: %B).")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where the result goes. [default: OURS]")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Merge two changes of one workflow. Conflicts are named, the result has our side of them, and the exit code is 1.

    Example: flowscale merge base.json ours.json theirs.json -o merged.json
    """
    merged = together(opened(base), opened(ours), opened(theirs))
    kept(output or ours, merged.workflow)
    if as_json:
        emit({"conflicts": [conflict.to_json() for conflict in merged.conflicts]})
    for conflict in merged.conflicts:
        say(f"conflict: {conflict}")
    if merged.conflicts:
        count = len(merged.conflicts)
        raise CliError(f"{count} conflict{'s' if count > 1 else ''}: {output or ours} has our side of each")


def together(base: "WorkflowFile", ours: "WorkflowFile", theirs: "WorkflowFile") -> "Merged":
    """The three files as one. Raises UsageError where their forms differ."""
    from flowscale_workflows.merging import merge_graphs, merge_ui

    if base.ui is not None and ours.ui is not None and theirs.ui is not None:
        return merge_ui(base.ui, ours.ui, theirs.ui)
    if base.graph is not None and ours.graph is not None and theirs.graph is not None:
        return merge_graphs(base.graph, ours.graph, theirs.graph)
    raise UsageError("the files are of different forms: save all three by the editor, or all in API form")
