"""flowscale refresh: the state learns what is in the cluster."""

from pathlib import Path

from flowscale_cli.options import AsJson, Environment, Folder
from flowscale_cli.output import emit, say
from flowscale_cli.stacks import Backend, Target, Unlock, operators, summary, told


def command(
    folder: Folder = Path(),
    environment: Environment = None,
    target: Target = None,
    backend: Backend = None,
    unlock: Unlock = False,
    as_json: AsJson = False,
) -> None:
    """Make Pulumi's state say what is in the cluster, and settle what an update that died had begun.

    Changes nothing in the cluster: the next `up` makes it what the specs say.

    Example: flowscale refresh portrait -e production
    """
    outcomes = []
    for operator in operators(folder, environment, target, backend=backend, unlock=unlock):
        with told():
            outcomes.append(operator.refresh())
        for name in outcomes[-1].recovered:
            say(f"{outcomes[-1].stack}: settled {name}, which an update that died had begun")
        say(f"{outcomes[-1].stack}: {summary(outcomes[-1].changes)}")
    if as_json:
        emit([outcome.to_json() for outcome in outcomes])
