"""flowscale plan: what deploying a folder would change, what that costs, and what policies say."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flowscale_cli.errors import PolicyDenied, Unreachable, UsageError
from flowscale_cli.options import AsJson, Environment, Folder
from flowscale_cli.output import emit, say
from flowscale_cli.stacks import Image, Target, sources, told_reading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flowscale_stacks.compile import Object
    from flowscale_stacks.plan import Plan, Rollback
    from flowscale_stacks.reading import Source, Specs
    from flowscale_stacks.reading.records import Hold


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
    target: Target = None,
    image: Image = None,
    as_json: AsJson = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a comment for a pull request.")] = False,
    as_yaml: Annotated[
        bool, typer.Option("--yaml", help="Print the wanted objects instead, as a file that can be applied.")
    ] = False,
    network: Annotated[
        bool,
        typer.Option(
            "--network", help="Print who may reach whom instead, by the network policies; --json too."
        ),
    ] = False,
) -> None:
    """Show what deploying would change: objects, dollars, releases, policies. Nothing is changed.

    Exit codes: 0 the plan was made, 3 specs are wrong, 4 no cluster answers, 7 a policy forbids it.

    Example: flowscale plan --environment production --against main
    """
    if as_json + markdown + as_yaml > 1 or network + markdown + as_yaml > 1:
        raise UsageError(
            "--json, --markdown, --yaml are different outputs, and --network has no other than JSON"
        )
    every = sources(folder, environment, target, image)
    if network:
        _print_ways(every, as_json=as_json)
        return
    if as_yaml:
        _print_objects(every)
        return
    plans = [_plan(source, against or _usual()) for source in every]
    _show(plans, as_json=as_json, markdown=markdown)
    denied = sorted({f.rule for plan in plans for f in plan.findings if f.effect == "deny"})
    if denied:
        raise PolicyDenied(f"{', '.join(denied)}: a policy forbids this plan")


def _print_objects(every: "Sequence[Source]") -> None:
    from flowscale_stacks.reading import read, render_objects

    for source in every:
        with told_reading():
            typer.echo(render_objects(read(source).objects), nl=False)


def _print_ways(every: "Sequence[Source]", *, as_json: bool) -> None:
    from dataclasses import asdict

    from flowscale_stacks.plan.reaching import ways
    from flowscale_stacks.reading import read

    found = {}
    for source in every:
        with told_reading():
            found[source.target] = ways(read(source).objects)
    if as_json:
        emit([{"target": target, "ways": [asdict(way) for way in open_]} for target, open_ in found.items()])
        return
    for target, open_ in found.items():
        if target:
            say(f"target {target}")
        for way in open_:
            typer.echo("\t".join((way.source, way.target, f"{way.protocol} {way.port}", way.peer)).rstrip())


def _usual() -> str:
    config = os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
    return "cluster" if any(Path(path).is_file() for path in config.split(os.pathsep)) else "HEAD"


def _plan(source: "Source", against: str) -> "Plan":
    from flowscale_stacks.plan import make_plan
    from flowscale_stacks.reading import marks, read_specs, wanted_of

    with told_reading():
        specs = read_specs(source)
        current = _current(specs, against)
        wanted = wanted_of(specs, marks(current))
    return make_plan(
        wanted.specs.project,
        current,
        wanted.objects,
        against=f"compared with {'the cluster' if against == 'cluster' else against}",
        live=against == "cluster",
        target=source.target,
        rollbacks=_rollbacks(wanted.record.holds),
    )


def _rollbacks(holds: "Mapping[str, Hold]") -> "list[Rollback]":
    from flowscale_stacks.plan import Rollback

    return [
        Rollback(name, hold.instead_of.releases, hold.serve.releases) for name, hold in sorted(holds.items())
    ]


def _current(specs: "Specs", against: str) -> "tuple[Object, ...]":
    """What is there."""
    from flowscale_stacks.reading import ClusterUnreachable, objects_of, read_cluster, read_objects

    if against == "nothing":
        return ()
    if against == "cluster":
        try:
            return read_cluster(objects_of(specs), specs.cluster)
        except ClusterUnreachable as error:
            raise Unreachable(f"{error}; or plan --against HEAD") from error
    if Path(against).is_file():
        return read_objects(Path(against))
    return _at_revision(specs.source, against)


def _at_revision(source: "Source", revision: str) -> "tuple[Object, ...]":
    """What the folder wanted at a revision; nothing where it couldn't have been deployed then."""
    from dataclasses import replace

    from flowscale_specs import SpecErrors
    from flowscale_stacks.reading import at_revision, read
    from flowscale_stacks.reading.errors import NotDeployable

    with at_revision(source.folder, revision) as before:
        try:
            return read(replace(source, folder=before)).objects
        except (SpecErrors, NotDeployable) as error:
            say(f"{revision} could not be deployed as it was, so everything is new: {error}")
            return ()


def _show(plans: "Sequence[Plan]", *, as_json: bool, markdown: bool) -> None:
    if as_json:
        emit([plan.to_json() for plan in plans])
    elif markdown:
        from flowscale_stacks.plan import render_markdown

        typer.echo("\n".join(render_markdown(plan) for plan in plans), nl=False)
    else:
        from rich.console import Console

        from flowscale_stacks.plan import render_terminal

        for plan in plans:
            Console(soft_wrap=True).print(render_terminal(plan))
