"""flowscale keys: API keys of a project, made, listed, rotated, revoked."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from flowscale_cli.errors import UsageError
from flowscale_cli.keyring import keyring
from flowscale_cli.options import AsJson, Data, KeyFile, Url
from flowscale_cli.output import emit, say, table

app = typer.Typer(
    help="API keys: create, list, rotate, revoke. Works on the server that runs, else on its data folder.",
    no_args_is_help=True,
)
COLUMNS = ("id", "name", "role", "prefix", "scopes", "expires_at", "last_used_at", "revoked_at")
KeyId = Annotated[str, typer.Argument(help="The key's id.", metavar="KEY_ID")]


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    role: Annotated[
        str | None,
        typer.Option(
            help="viewer, contributor, admin, owner, or a role of the project. [default: contributor]"
        ),
    ] = None,
    scopes: Annotated[
        list[str] | None, typer.Option("--scope", help="Only this right, instead of a role's. Repeatable.")
    ] = None,
    deployments: Annotated[
        list[str] | None, typer.Option("--deployment", help="Only this deployment. Repeatable.")
    ] = None,
    rate: Annotated[str | None, typer.Option(help="At most so many requests, as in 10/second.")] = None,
    expires: Annotated[str | None, typer.Option(help="When it ends: 30d, 12h, or a date.")] = None,
    url: Url = None,
    key_file: KeyFile = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Make a key. It is shown this once.

    Example: flowscale keys create website --deployment portrait --rate 10/second --expires 90d
    """
    wanted = {
        "name": name,
        "role": role,
        "scopes": _scopes(scopes),
        "deployments": deployments or None,
        "rate": _rate(rate),
        "expires_at": moment(expires, datetime.now(UTC)) if expires else None,
    }
    with keyring(url, key_file, data) as ring:
        made = ring.create(wanted)
    _show(made, as_json)


@app.command("list")
def listing(url: Url = None, key_file: KeyFile = None, data: Data = None, as_json: AsJson = False) -> None:
    """List keys, without the keys themselves.

    Example: flowscale keys list
    """
    with keyring(url, key_file, data) as ring:
        listed = ring.list()
    if as_json:
        emit(listed)
    else:
        table(COLUMNS, [{**key, "scopes": " ".join(key.get("scopes") or ())} for key in listed])


@app.command("rotate")
def rotate(
    key_id: KeyId,
    overlap: Annotated[str, typer.Option(help="How long the old key goes on working.")] = "24h",
    url: Url = None,
    key_file: KeyFile = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Make a new key with the same rights; the old one works for a while longer.

    Example: flowscale keys rotate 0198c1de-7f3a-7b1e-a111-2f6d3c1b5a10 --overlap 7d
    """
    with keyring(url, key_file, data) as ring:
        made = ring.rotate(key_id, span(overlap))
    _show(made, as_json)


@app.command("revoke")
def revoke(key_id: KeyId, url: Url = None, key_file: KeyFile = None, data: Data = None) -> None:
    """End a key at once.

    Example: flowscale keys revoke 0198c1de-7f3a-7b1e-a111-2f6d3c1b5a10
    """
    with keyring(url, key_file, data) as ring:
        ring.revoke(key_id)
    say(f"key {key_id} is revoked")


def span(text: str) -> timedelta:
    """A span of time such as 24h. Raises UsageError."""
    from flowscale_specs.values import Duration

    try:
        return timedelta(seconds=Duration.parse(text))
    except ValueError as error:
        raise UsageError(str(error)) from error


def moment(text: str, now: datetime) -> datetime:
    """A time in the future: a span from now, or a date (UTC unless it says otherwise). Raises UsageError."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return now + span(text)
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    if found <= now:
        raise UsageError(f"{text} has passed: a key can't expire then")
    return found


def _scopes(scopes: list[str] | None) -> list[str] | None:
    from flowscale_specs.rights import SCOPES

    if unknown := [scope for scope in scopes or () if scope not in SCOPES]:
        raise UsageError(f"there is no scope {unknown[0]!r}: it is one of {', '.join(SCOPES)}")
    return scopes or None


def _rate(rate: str | None) -> str | None:
    from flowscale_specs.values import Rate

    try:
        return rate and str(Rate.parse(rate))
    except ValueError as error:
        raise UsageError(str(error)) from error


def _show(made: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit(made)
        return
    typer.echo(made["key"])
    say(f"key {made['id']} ({made['role']}): keep it now, it is not shown again")
