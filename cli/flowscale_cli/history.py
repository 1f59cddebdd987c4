"""flowscale history: what was done to a stack."""

from pathlib import Path

from flowscale_cli.options import AsJson, Environment, Folder
from flowscale_cli.output import emit, say, table
from flowscale_cli.stacks import Backend, Target, operators, told

COLUMNS = ("number", "started", "operation", "result", "changes", "serves", "message")


def command(
    folder: Folder = Path(),
    environment: Environment = None,
    target: Target = None,
    backend: Backend = None,
    as_json: AsJson = False,
) -> None:
    """List the updates of a stack, newest first, with the releases that each served.

    Example: flowscale history portrait -e production
    """
    found = {}
    for operator in operators(folder, environment, target, backend=backend):
        with told():
            stack = operator.place.stack
            found[stack] = operator.history()
    if as_json:
        emit({stack: [entry.to_json() for entry in entries] for stack, entries in found.items()})
        return
    for stack, entries in found.items():
        say(stack)
        rows = [
            {
                "number": entry.number,
                "started": f"{entry.started:%Y-%m-%d %H:%M:%S}",
                "operation": entry.operation,
                "result": entry.result,
                "changes": " ".join(
                    f"{name}:{count}" for name, count in entry.changes.items() if name != "same"
                ),
                "serves": _served(entry.record.to_json()["served"]) if entry.record else "",
                "message": entry.message,
            }
            for entry in entries
        ]
        table(COLUMNS, rows)


def _served(deployments: dict[str, dict[str, dict[str, str]]]) -> str:
    """`portrait 2.1.0@3f5a9c1e`, for each version of each deployment."""
    return ", ".join(
        f"{name} {version}@{digest.removeprefix('sha256:')[:8]}"
        for name, served in deployments.items()
        for version, digest in served["releases"].items()
    )
