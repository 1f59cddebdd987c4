"""flowscale up: the cluster becomes what the specs say."""

from pathlib import Path
from typing import Annotated

import typer

from flowscale_cli.options import AsJson, Environment, Folder
from flowscale_cli.output import emit, say
from flowscale_cli.stacks import (
    Backend,
    Image,
    SecretsProvider,
    Target,
    Unlock,
    Yes,
    confirm,
    operators,
    summary,
    told,
)


def command(
    folder: Folder = Path(),
    environment: Environment = None,
    target: Target = None,
    image: Image = None,
    backend: Backend = None,
    secrets_provider: SecretsProvider = None,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Look at the cluster first, and put right what others changed.")
    ] = False,
    unlock: Unlock = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Make the cluster what the specs say, through Pulumi: shows what will change, asks, and does it.

    Release bundles go to the object store first. What an earlier update that died had begun is settled.

    Example: flowscale up portrait -e production --yes
    """
    every = operators(
        folder,
        environment,
        target,
        backend=backend,
        secrets_provider=secrets_provider,
        images=image,
        unlock=unlock,
    )
    outcomes = []
    for operator in every:
        with told():
            if not yes:
                planned = operator.preview()
                confirm(f"{planned.stack}: {summary(planned.changes)}. Go on?", yes)
            outcome = operator.up(refresh=refresh)
        outcomes.append(outcome)
        for name in outcome.recovered:
            say(f"{outcome.stack}: settled {name}, which an update that died had begun")
        say(f"{outcome.stack}: {summary(outcome.changes)}")
        for name, url in sorted(outcome.outputs.get("deployments", {}).items()):
            say(f"{name}: {url}")
    if as_json:
        emit([outcome.to_json() for outcome in outcomes])
