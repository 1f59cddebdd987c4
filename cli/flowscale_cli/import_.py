"""flowscale import: a workflow file, a picture that carries one, or an address, made into a spec folder."""

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from flowscale_cli.errors import CliError, SpecsWrong, UsageError
from flowscale_cli.folders import files, write
from flowscale_cli.naming import document_name
from flowscale_cli.options import AsJson, Force
from flowscale_cli.output import emit, say, warn

if TYPE_CHECKING:
    from flowscale_cli.importing import Draft

_LARGEST = 256 << 20
_SECONDS = 60.0


def command(
    source: Annotated[
        str, typer.Argument(help="A workflow file, a PNG, WebP or video that carries one, or an address.")
    ],
    folder: Annotated[
        Path | None,
        typer.Argument(help="The folder to make. [default: the source's name]", show_default=False),
    ] = None,
    name: Annotated[str, typer.Option(help="The workflow's name. [default: the folder's]")] = "",
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Make a spec folder of a workflow: inputs and outputs get names from labels and titles; what is missing is told.

    Example: flowscale import ComfyUI_00042_.png portrait
    """
    data, file_name = fetched(source) if source.startswith(("http://", "https://")) else opened(source)
    target = folder or Path(document_name(PurePosixPath(file_name).stem))
    called = document_name(name or target.resolve().name)
    found, contents = drafted(data, file_name, called, target)
    write(target, contents, force=force)
    if as_json:
        emit(_report(found, target, called))
        return
    typer.echo(target)
    _tell(found, target)


def drafted(data: bytes, file_name: str, called: str, target: Path) -> "tuple[Draft, dict[str, str]]":
    """What the bytes hold, and the files of its folder. Raises SpecsWrong where they hold no workflow."""
    from flowscale_cli.importing import draft
    from flowscale_cli.packs import definitions
    from flowscale_workflows.errors import WorkflowError
    from flowscale_workflows.formats import read

    known = definitions(target)
    try:
        found = draft(read(data, file_name), known)
        return found, files(called, found.spec(called), found.workflow, known)
    except WorkflowError as error:
        raise SpecsWrong(str(error)) from error


def opened(source: str) -> tuple[bytes, str]:
    """The bytes of a file, and its name."""
    path = Path(source)
    try:
        return path.read_bytes(), path.name
    except OSError as error:
        raise UsageError(f"{source} can't be read: {error.strerror}") from error


def fetched(url: str) -> tuple[bytes, str]:
    """The bytes at an address, and a name for them."""
    import httpx

    data = bytearray()
    try:
        with httpx.stream("GET", url, follow_redirects=True, timeout=_SECONDS) as response:
            response.raise_for_status()
            for chunk in response.iter_bytes():
                data += chunk
                if len(data) > _LARGEST:
                    raise CliError(f"{url} gives more than {_LARGEST >> 20} MiB, which is too much")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CliError(f"{url} can't be fetched: {error}") from error
    return bytes(data), PurePosixPath(urlsplit(url).path).name or "workflow"


def _tell(found: "Draft", target: Path) -> None:
    say(f"inputs: {', '.join(found.inputs) or 'none'}; outputs: {', '.join(found.outputs) or 'none'}")
    for name, kind in found.models:
        say(f"model {name}: put it under {target / 'models' / kind}/, or say in the spec where it comes from")
    for each in found.missing:
        nodes = f"node{'s' if len(each.nodes) > 1 else ''} {', '.join(each.nodes)}"
        warn(f"{each.class_type} ({nodes}) is in no pack that is here: {each.advice}")
    say(
        f"Read {target / 'flowscale.yaml'}, take away what callers shall not touch; then: flowscale doctor {target}"
    )


def _report(found: "Draft", target: Path, called: str) -> dict[str, Any]:
    return {
        "folder": str(target),
        "name": called,
        "inputs": list(found.inputs),
        "outputs": list(found.outputs),
        "models": [{"name": name, "kind": kind} for name, kind in found.models],
        "missing": [
            {"class_type": each.class_type, "nodes": list(each.nodes), "advice": each.advice}
            for each in found.missing
        ],
    }
