"""flowscale gateway: one of several gateways over shared stores."""

from pathlib import Path
from typing import Annotated

import typer

from flowscale_cli.errors import CliError, UsageError
from flowscale_cli.options import Environment
from flowscale_cli.serve import check_free
from flowscale_cli.shared import Database, LogFormat, Objects, Scratch, needed, setting
from flowscale_cli.specs import read


def command(
    folder: Annotated[Path | None, typer.Option(help="The folder with the specs to serve.")] = None,
    resources: Annotated[
        bool, typer.Option("--resources", help="Serve the WorkflowDeployment resources of the cluster.")
    ] = False,
    database: Database = "",
    objects: Objects = "",
    namespace: Annotated[
        str, typer.Option(help="The namespace of the resources.", envvar="FLOWSCALE_NAMESPACE")
    ] = "default",
    data: Scratch = Path(".flowscale"),
    environment: Environment = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="The port to listen on; 0 takes a free one.", min=0, max=65535)
    ] = 8000,
    grpc_port: Annotated[
        int | None,
        typer.Option(
            help="A port for the Open Inference Protocol over gRPC; 0 takes a free one.", min=0, max=65535
        ),
    ] = None,
    allow_private_urls: Annotated[
        bool, typer.Option(help="Let URL inputs lead to addresses that aren't public.")
    ] = False,
    direct: Annotated[
        str,
        typer.Option(
            help="Let callers exchange files with the bucket itself: yes, or the endpoint by which they reach it.",
            envvar="FLOWSCALE_DIRECT",
        ),
    ] = "",
    log_format: LogFormat = "",
) -> None:
    """Serve the REST API over stores that several gateways and workers share. Workers compute: `flowscale worker`.

    SIGTERM and Ctrl-C end it: open requests get some seconds.

    Example: flowscale gateway --folder studio --database postgresql://flowscale@db/flowscale --objects s3://studio
    """
    if (folder is None) is not resources:
        raise UsageError("say what to serve: --folder DIR, or --resources of the cluster")
    if folder is not None:
        read(folder, environment)
    check_free(host, port)
    if grpc_port:
        check_free(host, grpc_port, "--grpc-port")
    from flowscale_runtime.logs import configure
    from flowscale_runtime.processes.gateway import Settings, serve
    from flowscale_runtime.processes.opening import WrongAddress

    configure(log_format)
    settings = Settings(
        database=needed("FLOWSCALE_DATABASE", database),
        objects=needed("FLOWSCALE_OBJECTS", objects),
        data=data.resolve(),
        folder=folder.resolve() if folder else None,
        namespace=namespace,
        environment=environment,
        host=host,
        port=port,
        internal_token=setting("FLOWSCALE_INTERNAL_TOKEN"),
        owner_key=setting("FLOWSCALE_OWNER_KEY"),
        allow_private_urls=allow_private_urls,
        grpc_port=grpc_port,
        direct=direct,
    )
    try:
        serve(settings)
    except WrongAddress as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        raise CliError(f"{settings.data} can't be used for data: {error}") from error
