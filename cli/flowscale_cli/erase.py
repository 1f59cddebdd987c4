"""flowscale erase: everything of one key, group or tag is removed from a server."""

from typing import Annotated

import typer

from flowscale_cli.connection import credentials
from flowscale_cli.control import Control
from flowscale_cli.errors import UsageError
from flowscale_cli.options import AsJson, Data, KeyFile, Url
from flowscale_cli.output import emit, say


def command(
    tag: Annotated[str | None, typer.Option(help="The tag of the runs, such as user:alice.")] = None,
    group: Annotated[str | None, typer.Option(help="The group of the runs.")] = None,
    key: Annotated[str | None, typer.Option(help="The id of the key that submitted the runs.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    as_json: AsJson = False,
    url: Url = None,
    key_file: KeyFile = None,
    data: Data = None,
) -> None:
    """Remove the ended runs of a tag, a group or a key, with inputs, outputs, logs and events. It can't be undone.

    Example: flowscale erase --tag user:alice
    """
    given = {name: value for name, value in (("tag", tag), ("group_id", group), ("key_id", key)) if value}
    if len(given) != 1:
        raise UsageError("say whose runs: exactly one of --tag, --group and --key")
    ((name, value),) = given.items()
    if not yes:
        typer.confirm(f"Remove all ended runs of {name.removesuffix('_id')} {value}?", abort=True, err=True)
    with Control(*credentials(url, key_file, data)) as control:
        told = control.ask("POST", "erasure", given)
    if as_json:
        emit(told)
        return
    for what, number in told["erased"].items():
        typer.echo(f"{what}\t{number}")
    if not any(told["erased"].values()):
        say(f"no ended run of {name.removesuffix('_id')} {value} was there")
    for run in told["not_ended"]:
        say(f"run {run} hasn't ended: cancel it, and ask again")
