"""flowscale drift: what others changed in the cluster."""

from pathlib import Path

from flowscale_cli.errors import Drifted
from flowscale_cli.options import AsJson, Environment, Folder
from flowscale_cli.output import emit, say
from flowscale_cli.stacks import Backend, Target, operators, summary, told


def command(
    folder: Folder = Path(),
    environment: Environment = None,
    target: Target = None,
    backend: Backend = None,
    as_json: AsJson = False,
) -> None:
    """Compare the cluster with what the last update made of it. Ends with exit code 6 where they differ.

    Example: flowscale drift portrait -e production || flowscale up portrait -e production --refresh --yes
    """
    outcomes = []
    for operator in operators(folder, environment, target, backend=backend):
        with told():
            outcomes.append(operator.drift())
        say(f"{outcomes[-1].stack}: {summary(outcomes[-1].changes)}")
    if as_json:
        emit([outcome.to_json() for outcome in outcomes])
    drifted = [outcome.stack for outcome in outcomes if outcome.changes]
    if drifted:
        raise Drifted(
            f"{', '.join(drifted)}: the cluster is not as the last update left it: `flowscale up --refresh` heals"
        )
