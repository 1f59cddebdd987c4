"""flowscale pin: releases by digest into the store, their names into flowscale.lock."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flowscale_cli.errors import SpecsWrong
from flowscale_cli.options import Data, Environment, Folder, data_folder
from flowscale_cli.output import say
from flowscale_cli.specs import read

if TYPE_CHECKING:
    from flowscale_specs.releases import Lock


def command(
    folder: Folder = Path(),
    check: Annotated[
        bool,
        typer.Option("--check", help="Write no lock; end with exit code 3 where it is out of date (for CI)."),
    ] = False,
    data: Data = None,
    environment: Environment = None,
) -> None:
    """Pin every version that the workflow files are at: its bundle is stored, its digest written to flowscale.lock.

    Example: flowscale pin && git add flowscale.lock
    """
    _, project = read(folder, environment)
    from flowscale_runtime.models.errors import ModelError
    from flowscale_runtime.pinning import pin
    from flowscale_specs import SpecErrors
    from flowscale_specs.releases import LOCK_NAME, render_lock
    from flowscale_workflows.errors import WorkflowError

    path = folder / LOCK_NAME
    try:
        lock, pinned = asyncio.run(pin(folder.resolve(), data_folder(folder, data).resolve(), project))
    except (WorkflowError, SpecErrors, ModelError) as error:
        raise SpecsWrong(str(error)) from error
    if check:
        _compare(path, lock)
        return
    path.write_text(render_lock(lock))
    for workflow, version, digest in pinned:
        typer.echo(f"{workflow} {version} {digest}")
    say(f"{path} names {len(pinned)} releases")


def _compare(path: Path, lock: "Lock") -> None:
    """Raises SpecsWrong where the file doesn't say what pinning now would write."""
    from flowscale_specs.releases import read_lock

    written = read_lock(path)
    if written == lock:
        say(f"{path} is up to date")
        return
    for name in sorted({*lock.releases, *written.releases}):
        now, before = lock.releases.get(name, {}), written.releases.get(name, {})
        for version in sorted({*now, *before}):
            if now.get(version) != before.get(version):
                say(
                    f"{name} {version}: {before.get(version, 'not pinned')} -> {now.get(version, 'not needed')}"
                )
    raise SpecsWrong(f"{path} is out of date: run `flowscale pin` and commit it")
