"""flowscale preview: what `up` would change."""

from pathlib import Path

from flowscale_cli.options import AsJson, Environment, Folder
from flowscale_cli.output import emit, say
from flowscale_cli.stacks import Backend, Image, SecretsProvider, Target, operators, summary, told


def command(
    folder: Folder = Path(),
    environment: Environment = None,
    target: Target = None,
    image: Image = None,
    backend: Backend = None,
    secrets_provider: SecretsProvider = None,
    as_json: AsJson = False,
) -> None:
    """Show what `up` would change, field by field, asking the API server itself. Changes nothing.

    Example: flowscale preview portrait -e production
    """
    every = operators(
        folder, environment, target, backend=backend, secrets_provider=secrets_provider, images=image
    )
    outcomes = []
    for operator in every:
        with told():
            outcomes.append(operator.preview())
        say(f"{outcomes[-1].stack}: {summary(outcomes[-1].changes)}")
    if as_json:
        emit([outcome.to_json() for outcome in outcomes])
