"""flowscale worker: one of several workers over shared stores."""

from pathlib import Path
from typing import Annotated

import typer

from flowscale_cli.errors import CliError, UsageError
from flowscale_cli.options import Engine
from flowscale_cli.shared import Database, LogFormat, Objects, Scratch, needed


def command(
    deployment: Annotated[
        str, typer.Option(help="The deployment whose runs it computes.", envvar="FLOWSCALE_DEPLOYMENT")
    ],
    database: Database = "",
    objects: Objects = "",
    data: Scratch = Path(".flowscale-worker"),
    custom_nodes: Annotated[
        list[Path] | None,
        typer.Option(help="A folder of custom nodes to load.", envvar="FLOWSCALE_CUSTOM_NODES"),
    ] = None,
    models: Annotated[
        list[Path] | None, typer.Option(help="A folder of models.", envvar="FLOWSCALE_MODELS")
    ] = None,
    engine: Annotated[
        Engine,
        typer.Option(help="What computes: our own processes, or NVIDIA Triton.", envvar="FLOWSCALE_ENGINE"),
    ] = Engine.INPROCESS,
    comfyui: Annotated[
        list[str] | None,
        typer.Option(
            help="A ComfyUI server that computes, one run at a time, instead of this machine; may be given again.",
            envvar="FLOWSCALE_COMFYUI_SERVERS",
            metavar="URL",
        ),
    ] = None,
    workers: Annotated[int, typer.Option(help="Runs that compute at once.", min=1)] = 1,
    grace: Annotated[
        float, typer.Option(help="Seconds that runs get when the worker is ended.", min=0)
    ] = 30.0,
    health: Annotated[
        str, typer.Option(help="HOST:PORT that answers /healthz and /readyz; none unless said.")
    ] = "",
    log_format: LogFormat = "",
) -> None:
    """Compute the runs of a deployment. Any number of workers, on any machines, may work for the same one.

    SIGTERM and Ctrl-C end it: it takes no more runs, what runs gets some seconds, the rest goes back to the queue.

    Example: flowscale worker --deployment portrait --database postgresql://flowscale@db/flowscale --objects s3://studio
    """
    from flowscale_runtime.engines.errors import EngineMissing
    from flowscale_runtime.logs import configure
    from flowscale_runtime.processes.opening import WrongAddress
    from flowscale_runtime.processes.worker import Settings, work

    configure(log_format)
    settings = Settings(
        deployment=deployment,
        database=needed("FLOWSCALE_DATABASE", database),
        objects=needed("FLOWSCALE_OBJECTS", objects),
        data=data.resolve(),
        custom_nodes=tuple(path.resolve() for path in custom_nodes or ()),
        models=tuple(path.resolve() for path in models or ()),
        engine=engine.value,
        comfyui=tuple(comfyui or ()),
        workers=workers,
        grace=grace,
        health=checked(health),
    )
    try:
        work(settings)
    except WrongAddress as error:
        raise UsageError(str(error)) from error
    except EngineMissing as error:
        raise CliError(str(error)) from error
    except OSError as error:
        raise CliError(f"{settings.data} can't be used for data: {error}") from error


def checked(address: str) -> str:
    """The address of probes. Raises UsageError where it isn't HOST:PORT."""
    host, _, port = address.rpartition(":")
    if address and not (host and port.isdecimal() and int(port) < 65536):
        raise UsageError(f"--health is HOST:PORT, such as 0.0.0.0:8000, not {address!r}")
    return address
