"""flowscale promote: releases that move from one environment to the next."""

import asyncio
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowscale_cli.errors import CliError, RunFailed, UsageError
from flowscale_cli.options import Data
from flowscale_cli.output import say
from flowscale_cli.specs import read

if TYPE_CHECKING:
    from flowscale_jobs.promotions.records import Record

Folder = Annotated[Path, typer.Option("--folder", "-f", help="The folder with the specs.")]
State = Annotated[
    str | None,
    typer.Option(
        help="Where promotions are kept: a folder, or an address. [default: DATA/promotions]",
        envvar="FLOWSCALE_PROMOTIONS",
    ),
]
Servers = Annotated[
    list[str] | None,
    typer.Option(
        "--server", help="The gateway of an environment, as NAME=URL; `https://` and its domain unless said."
    ),
]
Keys = Annotated[
    list[str] | None, typer.Option("--key-file", help="The file with its API key, as NAME=FILE. Repeatable.")
]


def command(
    name: Annotated[str, typer.Argument(help="The Promotion spec.")],
    folder: Folder = Path(),
    resume: Annotated[
        str | None, typer.Option("--id", help="Its id: go on with the one that waits.", metavar="ID")
    ] = None,
    servers: Servers = None,
    keys: Keys = None,
    branch: Annotated[
        str | None, typer.Option(help="Commit to this branch and push it, for a pull request.")
    ] = None,
    clone: Annotated[
        str | None, typer.Option(help="Clone this git repository into the folder first, as pods do.")
    ] = None,
    revision: Annotated[str, typer.Option(help="With --clone: what to check out.")] = "HEAD",
    mail: Annotated[
        str | None, typer.Option(help="The server for e-mail, as smtp://host:25.", envvar="FLOWSCALE_MAIL")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Whether to wait for approvals here.")
    ] = False,
    state: State = None,
    data: Data = None,
) -> None:
    """Move the releases of flowscale.lock through the stages of a promotion, as far as it goes now.

    It ends with 0 when it is done or waits for people, with 5 when a step failed: then the stage has its old releases back.

    Example: flowscale promote release --server staging=http://127.0.0.1:8001
    """
    from flowscale_jobs import approvals
    from flowscale_jobs.batches.plans import home
    from flowscale_jobs.promotions import records
    from flowscale_jobs.promotions.doing import Promoter
    from flowscale_jobs.promotions.git import Repository
    from flowscale_jobs.promotions.telling import teller

    if clone is not None:
        Repository.clone(clone, folder, revision)
    _, project = read(folder, None)
    found = {one.name: one for one in project.promotions}
    if name not in found:
        raise UsageError(f"{folder} declares no Promotion {name}: it has {', '.join(found) or 'none'}")
    id_ = resume or f"{name}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}".lower()
    place = home(where(state, data or folder / ".flowscale"), id_)
    record = records.load(place) or records.Record(id_, name, time.time())
    typer.echo(id_)
    promoter = Promoter(
        folder.resolve(), found[name], place, reached(folder, found[name], servers, keys), time.time,
        teller(found[name].spec.notify, record, mail), branch,
    )  # fmt: skip
    record = asyncio.run(promoter.go_on(record))
    while wait and record.state == "running":
        time.sleep(approvals.LOOK)
        record = asyncio.run(promoter.go_on(record))
    _ended(record)


def _ended(record: "Record") -> None:
    last = record.entries[-1]
    if record.state == "running":
        say(f"promotion {record.id} waits {last.detail}: flowscale approve {record.id}")
    elif record.state == "completed":
        say(f"promotion {record.id} is done")
    else:
        why = next(one for one in reversed(record.entries) if one.state == "failed")
        raise RunFailed(f"promotion {record.id} failed at {why.stage}, {why.step}: {why.detail}")


def where(state: str | None, data: Path) -> str:
    """Where promotions are kept."""
    return state or str((data / "promotions").resolve())


def reached(
    folder: Path, promotion: Any, servers: list[str] | None, keys: list[str] | None
) -> dict[str, Any]:
    """The gateways of the stages that are known."""
    from flowscale_jobs.promotions.testing import Server

    urls, files = _pairs(servers, "--server"), _pairs(keys, "--key-file")
    found = {}
    for stage in promotion.spec.stages:
        target = read(folder, stage.environment)[1].target
        url = urls.get(stage.environment) or (
            f"https://{target.domain}" if target and target.domain else None
        )
        file = files.get(stage.environment)
        if url is not None:
            found[stage.environment] = Server(url, Path(file).read_text().strip() if file else None)
    return found


def _pairs(texts: list[str] | None, option: str) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts or ()]
    if wrong := [name for name, equals, value in pairs if not (name and equals and value)]:
        raise CliError(f"{option} {wrong[0]}: write NAME=VALUE")
    return {name: value for name, _, value in pairs}
