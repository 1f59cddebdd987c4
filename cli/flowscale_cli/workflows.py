"""flowscale workflows: what the editor saved into this folder, with its history in git."""

from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flowscale_cli.errors import CliError
from flowscale_cli.options import AsJson
from flowscale_cli.output import emit, say, table
from flowscale_cli.workflow_files import executable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowscale_runtime.repository.workflows import Workflows

app = typer.Typer(help="Saved workflows and their history in git.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The workflow, as the editor calls it.")]
At = Annotated[Path, typer.Option("--folder", help="The folder with the specs.")]
Commit = Annotated[str, typer.Argument(help="A commit, branch or tag.")]


@contextmanager
def opened(folder: Path) -> "Iterator[Workflows]":
    """The workflows of a folder; what the repository refuses ends the command."""
    from flowscale_runtime.repository.errors import RepositoryError
    from flowscale_runtime.repository.workflows import Workflows

    try:
        yield Workflows(folder.resolve())
    except RepositoryError as error:
        raise CliError(str(error)) from error


@app.command("list")
def listing(folder: At = Path(), as_json: AsJson = False) -> None:
    """List the saved workflows.

    Example: flowscale workflows list
    """
    with opened(folder) as saved:
        names = saved.names()
    if as_json:
        emit(names)
    else:
        table(("name",), [{"name": name} for name in names])


@app.command("log")
def log(name: Name, folder: At = Path(), as_json: AsJson = False) -> None:
    """Show the commits that changed a workflow.

    Example: flowscale workflows log portrait
    """
    with opened(folder) as saved:
        found = saved.history(name)
    rows = [
        {
            "commit": change.commit[:10],
            "at": datetime.fromtimestamp(change.at, UTC).isoformat(),
            "author": change.author,
            "message": change.message,
        }
        for change in found
    ]
    if as_json:
        emit(rows)
    else:
        table(("commit", "at", "author", "message"), rows)


@app.command("diff")
def difference(
    name: Name,
    before: Annotated[str, typer.Argument(help="A commit, branch or tag.")] = "HEAD",
    after: Annotated[str, typer.Argument(help="Another. [default: the file as it is]")] = "",
    folder: At = Path(),
    as_json: AsJson = False,
) -> None:
    """Tell what changed in a workflow between two commits, node by node.

    Example: flowscale workflows diff portrait HEAD~3
    """
    from flowscale_cli.packs import definitions
    from flowscale_workflows.differences import diff
    from flowscale_workflows.formats import read

    with opened(folder) as saved:
        new = saved.at(name, after) if after else saved.existing(name).read_bytes()
        files = [read(data, name) for data in (saved.at(name, before), new)]
    known = definitions(folder) if any(file.graph is None for file in files) else {}
    changes = diff(*(executable(file, known) for file in files))
    if as_json:
        emit(changes.to_json())
    elif changes:
        typer.echo(changes.to_text())


@app.command("revert")
def revert(name: Name, commit: Commit, folder: At = Path()) -> None:
    """Make a workflow what it was at a commit, as a new commit.

    Example: flowscale workflows revert portrait 3f2a91c
    """
    with opened(folder) as saved:
        made = saved.revert(name, commit)
    say(f"{name}: {f'commit {made[:10]}' if made else 'nothing changed'}")


@app.command("branch")
def branch(
    name: Annotated[str, typer.Argument(help="The branch to work on; without one all are listed.")] = "",
    create: Annotated[bool, typer.Option(help="Make the branch.")] = False,
    folder: At = Path(),
    as_json: AsJson = False,
) -> None:
    """List branches, or work on another one.

    Example: flowscale workflows branch experiment --create
    """
    with opened(folder) as saved:
        if name:
            saved.switch(name, create=create)
        current, names = saved.branches()
    if as_json:
        emit({"current": current, "branches": names})
    else:
        table(
            ("branch", "current"),
            [{"branch": one, "current": "*" if one == current else ""} for one in names],
        )


@app.command("deploy")
def deploy(name: Name, folder: At = Path()) -> None:
    """Add a deployment to a saved workflow's spec, and commit it: a server of this folder takes it over.

    Example: flowscale workflows deploy portrait
    """
    with opened(folder) as saved:
        made = saved.deploy(name)
    say(f"{name}: {f'commit {made[:10]}' if made else 'it has one already'}")
