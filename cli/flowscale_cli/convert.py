"""flowscale convert: a workflow file in the other form, without a browser."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from flowscale_cli.options import AsJson
from flowscale_cli.output import emit, say, warn
from flowscale_cli.workflow_files import executable, kept, needs, opened


def command(
    source: Annotated[Path, typer.Argument(help="A workflow file, or a picture that carries one.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where the result goes. [default: stdout]")
    ] = None,
    to: Annotated[
        Literal["api", "ui"], typer.Option(help="api: what runs; ui: what the editor opens.")
    ] = "api",
    folder: Annotated[Path, typer.Option(help="Whose custom_nodes/ define node classes.")] = Path(),
    as_json: AsJson = False,
) -> None:
    """Convert a workflow: the editor's form to what runs, or back, laid out along its links.

    Example: flowscale convert workflow.json --to api -o workflow_api.json
    """
    from flowscale_cli.packs import definitions

    known = definitions(folder)
    graph = executable(opened(source), known)
    for name in sorted({node["class_type"] for node in graph.values()} - known.keys()):
        warn(f"{name} is in no pack that is here: its values are named as far as the file says")
    result: Any = graph if to == "api" else _drawn(graph, known)
    if output is None or as_json:
        emit(result)
    if output is not None:
        kept(output, result)
        say(f"{output}: {len(graph)} nodes")


def _drawn(graph: Any, known: Any) -> Any:
    try:
        from flowscale_workflows.conversion.to_ui import to_ui
    except ImportError as error:
        raise needs("drawing", error) from error
    return to_ui(graph, known)
