"""flowscale destroy: everything that a stack made is removed."""

from pathlib import Path

from flowscale_cli.options import AsJson, Environment, Folder
from flowscale_cli.output import emit, say
from flowscale_cli.stacks import Backend, Target, Unlock, Yes, confirm, operators, summary, told


def command(
    folder: Folder = Path(),
    environment: Environment = None,
    target: Target = None,
    backend: Backend = None,
    unlock: Unlock = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Remove everything that `up` made, with its data, and forget the stack.

    Custom resource definitions stay while another environment in the cluster uses them.

    Example: flowscale destroy portrait -e development --yes
    """
    outcomes = []
    for operator in operators(folder, environment, target, backend=backend, unlock=unlock):
        with told():
            stack = operator.place.stack
            confirm(f"This removes {stack} with its data.", yes, stack)
            outcomes.append(operator.destroy())
        say(f"{stack}: {summary(outcomes[-1].changes)}")
    if as_json:
        emit([outcome.to_json() for outcome in outcomes])
