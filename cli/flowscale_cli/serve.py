"""flowscale serve: a folder of specs as an API on this machine."""

import asyncio
import errno
import socket
from pathlib import Path
from threading import Thread
from typing import Annotated

import typer

from flowscale_cli.connection import running_server
from flowscale_cli.errors import CliError, SpecsWrong, UsageError
from flowscale_cli.options import Data, Engine, Environment, Folder, data_folder
from flowscale_cli.specs import read


def command(
    folder: Folder = Path(),
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="The port to listen on; 0 takes a free one.", min=0, max=65535)
    ] = 8000,
    comfyui_port: Annotated[
        int | None,
        typer.Option(
            help="A port of its own for ComfyUI's clients, without keys on this machine; 0 takes a free one.",
            min=0,
            max=65535,
        ),
    ] = None,
    comfyui_multi_user: Annotated[
        bool,
        typer.Option("--comfyui-multi-user", help="Keep settings and files of the editor's users apart."),
    ] = False,
    grpc_port: Annotated[
        int | None,
        typer.Option(
            help="A port for the Open Inference Protocol over gRPC; 0 takes a free one.", min=0, max=65535
        ),
    ] = None,
    data: Data = None,
    environment: Environment = None,
    workers: Annotated[int, typer.Option(help="Host processes at most; 0: one a core.", min=0)] = 0,
    allow_private_urls: Annotated[
        bool, typer.Option(help="Let URL inputs lead to addresses that aren't public.")
    ] = False,
    engine: Annotated[
        Engine,
        typer.Option(help="What computes: our own processes, or NVIDIA Triton.", envvar="FLOWSCALE_ENGINE"),
    ] = Engine.INPROCESS,
    log_format: Annotated[str, typer.Option(help="text or json; json where nobody looks.")] = "",
) -> None:
    """Serve a folder: the REST API of every deployment in it. Changed specs are taken over while it runs.

    SIGTERM and Ctrl-C end it: running work gets some seconds, the rest goes back to the queue.

    Example: flowscale serve examples/01-photo-upscale --port 8000
    """
    _, project = read(folder, environment)
    if not project.deployments:
        raise SpecsWrong(
            f"{folder} declares nothing to serve: add a Workflow, or start with `flowscale init {folder}`"
        )
    check_free(host, port)
    if grpc_port:
        check_free(host, grpc_port, "--grpc-port")
    from flowscale_runtime.engines.errors import EngineMissing
    from flowscale_runtime.logs import configure
    from flowscale_runtime.stores.exclusive import DataInUse
    from flowscale_runtime.wiring import Settings, serve

    configure(log_format)
    settings = Settings(
        folder=folder.resolve(),
        data=data_folder(folder, data).resolve(),
        environment=environment,
        host=host,
        port=port,
        comfyui_port=comfyui_port,
        comfyui_users=comfyui_multi_user,
        workers=workers,
        allow_private_urls=allow_private_urls,
        engine=engine.value,
        grpc_port=grpc_port,
    )
    if project.schedules:
        _fire(settings.folder, environment, settings.data)
    try:
        serve(settings)
    except DataInUse as error:
        raise CliError(str(error)) from error
    except EngineMissing as error:
        raise CliError(str(error)) from error
    except OSError as error:
        raise CliError(f"{settings.data} can't be used for data: {error}") from error


def _fire(folder: Path, environment: str | None, data: Path) -> None:
    """Fires the folder's schedules beside the server, for as long as this process lives."""
    from flowscale_jobs.schedules.serving import Schedules

    def reach() -> tuple[str, str] | None:
        server, key = running_server(data), data / "owner.key"
        return (server["url"], key.read_text().strip()) if server and key.is_file() else None

    schedules = Schedules(folder, environment, data, reach)
    Thread(target=lambda: asyncio.run(schedules.run()), name="schedules", daemon=True).start()


def check_free(host: str, port: int, option: str = "--port") -> None:
    """Raises an error that says what to do where nothing can listen on this address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except socket.gaierror as error:
        raise UsageError(f"there is no host {host!r} to listen on") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            hint = f"stop what listens there, or take another with {option} (0: any free one)"
            raise CliError(f"port {port} of {host} is in use: {hint}") from error
        raise CliError(f"can't listen on port {port} of {host}: {error.strerror}") from error
