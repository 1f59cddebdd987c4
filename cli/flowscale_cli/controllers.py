"""flowscale controllers: the process that scales, rolls out and holds budgets in a cluster."""

import os
from typing import Annotated

import typer

from flowscale_cli.errors import CliError, UsageError


def command(
    log_format: Annotated[str, typer.Option(help="text or json; json where nobody looks.")] = "",
) -> None:
    """Look after the deployments of a namespace: instances, new versions, budgets. Runs in a cluster.

    Its settings are environment variables: FLOWSCALE_NAMESPACE, FLOWSCALE_GATEWAY and FLOWSCALE_INTERNAL_TOKEN are needed.
    Several may run: one leads, the others wait. SIGTERM and Ctrl-C end it.

    Example: flowscale controllers --log-format json
    """
    from flowscale_controllers.errors import SettingMissing
    from flowscale_controllers.logs import configure
    from flowscale_controllers.wiring import run, settings_of

    configure(log_format)
    try:
        settings = settings_of(os.environ)
    except (SettingMissing, ValueError) as error:
        raise UsageError(str(error)) from error
    try:
        run(settings)
    except OSError as error:
        raise CliError(f"controllers can't run: {error}") from error
