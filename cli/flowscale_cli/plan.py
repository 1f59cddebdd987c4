"""flowscale plan: what deploying a folder would change, what that costs, and what policies say."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flowscale_cli.errors import PolicyDenied, SpecsWrong, Unreachable, UsageError
from flowscale_cli.options import AsJson, Environment, Folder
from flowscale_cli.output import emit, say
from flowscale_cli.specs import read

if TYPE_CHECKING:
    from flowscale_stacks.compile import Object
    from flowscale_stacks.plan import Plan
    from flowscale_stacks.reading import Wanted


def command(
    folder: Folder = Path(),
    environment: Environment = None,
    against: Annotated[
        str | None,
        typer.Option(
            help="What it is compared with: `cluster`, `nothing`, a file of objects, or a revision of git. "
            "[default: the cluster of the kubeconfig if there is one, else HEAD]"
        ),
    ] = None,
    as_json: AsJson = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a comment for a pull request.")] = False,
    as_yaml: Annotated[
        bool, typer.Option("--yaml", help="Print the wanted objects instead, as a file that can be applied.")
    ] = False,
) -> None:
    """Show what deploying would change: objects, dollars, releases, policies. Nothing is changed.

    Exit codes: 0 the plan was made, 3 specs are wrong, 4 no cluster answers, 7 a policy forbids it.

    Example: flowscale plan --environment production --against main
    """
    if as_json + markdown + as_yaml > 1:
        raise UsageError("--json, --markdown and --yaml are different outputs: take one of them")
    read(folder, environment)
    from flowscale_specs import Unpinned
    from flowscale_stacks.compile import CompileError
    from flowscale_stacks.reading import read_folder, render_objects

    try:
        wanted = read_folder(folder, environment)
    except (Unpinned, CompileError) as error:
        raise SpecsWrong(str(error)) from error
    if as_yaml:
        typer.echo(render_objects(wanted.objects), nl=False)
        return
    plan = _plan(folder, environment, wanted, against or _usual())
    _show(plan, as_json=as_json, markdown=markdown)
    if plan.refused:
        denied = sorted({finding.rule for finding in plan.findings if finding.effect == "deny"})
        raise PolicyDenied(f"{', '.join(denied)}: a policy forbids this plan")


def _usual() -> str:
    config = os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
    return "cluster" if any(Path(path).is_file() for path in config.split(os.pathsep)) else "HEAD"


def _plan(folder: Path, environment: str | None, wanted: "Wanted", against: str) -> "Plan":
    from flowscale_stacks.plan import make_plan
    from flowscale_stacks.reading import ClusterUnreachable, ReadingError

    try:
        current, told = _current(folder, environment, wanted, against)
    except ClusterUnreachable as error:
        raise Unreachable(f"{error}: look at `kubectl cluster-info`, or plan --against HEAD") from error
    except ReadingError as error:
        raise UsageError(str(error)) from error
    return make_plan(wanted.project, current, wanted.objects, against=told, live=against == "cluster")


def _current(
    folder: Path, environment: str | None, wanted: "Wanted", against: str
) -> "tuple[tuple[Object, ...], str]":
    """What is there, and what it is called."""
    from flowscale_stacks.reading import read_cluster, read_objects

    if against == "nothing":
        return (), "compared with nothing"
    if against == "cluster":
        target = wanted.project.target
        return read_cluster(wanted.objects, target.cluster if target else None), "compared with the cluster"
    if Path(against).is_file():
        return read_objects(Path(against)), f"compared with {against}"
    return _at_revision(folder, environment, against), f"compared with {against}"


def _at_revision(folder: Path, environment: str | None, revision: str) -> "tuple[Object, ...]":
    """What the folder wanted at a revision; nothing where it couldn't have been deployed then."""
    from flowscale_specs import SpecErrors, Unpinned
    from flowscale_stacks.compile import CompileError
    from flowscale_stacks.reading import at_revision, read_folder

    with at_revision(folder, revision) as before:
        try:
            return read_folder(before, environment).objects
        except (SpecErrors, Unpinned, CompileError) as error:
            say(f"{revision} could not be deployed as it was, so everything is new: {error}")
            return ()


def _show(plan: "Plan", *, as_json: bool, markdown: bool) -> None:
    if as_json:
        emit(plan.to_json())
    elif markdown:
        from flowscale_stacks.plan import render_markdown

        typer.echo(render_markdown(plan), nl=False)
    else:
        from rich.console import Console

        from flowscale_stacks.plan import render_terminal

        Console(soft_wrap=True).print(render_terminal(plan))
