"""flowscale restore: a data folder from a backup."""

from pathlib import Path
from typing import Annotated

import typer

from flowscale_cli.options import AsJson, Data, Folder, data_folder
from flowscale_cli.output import emit, say, warn


def command(
    archive: Annotated[Path, typer.Argument(help="What `flowscale backup` wrote.")],
    folder: Folder = Path(),
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Bring a backup back, into a folder that has no data yet; every file's hash is checked first.

    Example: flowscale restore portrait.tar portrait && flowscale serve portrait
    """
    from flowscale_cli.archives import LOCK
    from flowscale_cli.unpacking import unpack

    target = data_folder(folder, data)
    manifest = unpack(archive, target)
    _give_lock(target / LOCK, folder / LOCK)
    if as_json:
        emit({"data": str(target), "files": len(manifest["files"]), "created_at": manifest["created_at"]})
        return
    typer.echo(target)
    say(
        f"{len(manifest['files'])} files of {manifest['created_at']}; serve them with: flowscale serve {folder}"
    )


def _give_lock(restored: Path, own: Path) -> None:
    """Puts the lock beside the specs unless git has brought another one."""
    if not restored.is_file():
        return
    if not own.exists() and own.parent.is_dir():
        restored.rename(own)
    elif own.exists() and own.read_bytes() == restored.read_bytes():
        restored.unlink()
    else:
        warn(f"{own} is not the lock of the backup, which is kept as {restored}")
