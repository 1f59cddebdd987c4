"""flowscale backup: everything that a server keeps, in one file, also while it serves."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from flowscale_cli.options import AsJson, Data, Folder, data_folder
from flowscale_cli.output import emit, say


def command(
    folder: Folder = Path(),
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="The archive to write; compressed where it ends in .gz or .tgz."),
    ] = Path("flowscale-backup.tar"),
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Write runs, keys, inputs, outputs, releases and the lock into one archive; the server may go on serving.

    The archive holds secrets: only you can read it. Specs are in git and not in it.

    Example: flowscale backup portrait -o portrait.tar
    """
    from flowscale_cli.archives import LOCK, save

    manifest = save(data_folder(folder, data), folder / LOCK, output, datetime.now(UTC))
    sizes = [facts["size"] for facts in manifest["files"].values()]
    if as_json:
        emit({"archive": str(output), "files": len(sizes), "bytes": sum(sizes)})
        return
    typer.echo(output)
    say(f"{len(sizes)} files, {sum(sizes) / 1e6:.1f} MB; bring it back with: flowscale restore {output} DIR")
