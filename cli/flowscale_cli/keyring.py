"""Keys of a project in two places: a server that runs, or a data folder that nobody works on."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from flowscale_cli.connection import credentials, running_server
from flowscale_cli.control import Control
from flowscale_cli.errors import CliError, UsageError
from flowscale_cli.local import DATABASE, opened

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from flowscale_runtime.stores.keys import Key

Row: TypeAlias = dict[str, Any]
_TIMES = ("created_at", "expires_at", "last_used_at", "revoked_at")


class Keyring(Protocol):
    """What can be done with keys. Those that make one answer with the key itself."""

    def create(self, wanted: Mapping[str, Any]) -> Row: ...

    def list(self) -> list[Row]: ...

    def rotate(self, key_id: str, overlap: timedelta) -> Row: ...

    def revoke(self, key_id: str) -> None: ...


@contextmanager
def keyring(url: str | None, key_file: Path | None, data: Path | None) -> Iterator[Keyring]:
    """The keys of the server at `url`, of the one that serves here, or of the data folder here."""
    folder = data or Path(".flowscale")
    if url is None and running_server(folder) is None and (folder / DATABASE).is_file():
        with opened(folder) as (connection, owner):
            yield Stored(connection, owner, lambda: datetime.now(UTC))
    else:
        with Control(*credentials(url, key_file, data)) as control:
            yield Served(control)


class Served:
    """Keys over REST."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def create(self, wanted: Mapping[str, Any]) -> Row:
        expiry: datetime | None = wanted.get("expires_at")
        body = {**wanted, "expires_at": expiry.isoformat() if expiry else None}
        made: Row = self._control.ask("POST", "keys", {k: v for k, v in body.items() if v is not None})
        return made

    def list(self) -> list[Row]:
        told = self._control.ask("GET", "keys")
        return list(told["keys"] if isinstance(told, dict) else told)

    def rotate(self, key_id: str, overlap: timedelta) -> Row:
        made: Row = self._control.ask(
            "POST", f"keys/{key_id}/rotate", {"overlap": int(overlap.total_seconds())}
        )
        return made

    def revoke(self, key_id: str) -> None:
        self._control.ask("DELETE", f"keys/{key_id}")


class Stored:
    """Keys in the database of a data folder. Whoever may open it acts as the owner, and the audit log says so."""

    def __init__(self, connection: "Connection", owner: "Key", clock: Callable[[], datetime]) -> None:
        self._connection, self._owner, self._clock = connection, owner, clock

    def create(self, wanted: Mapping[str, Any]) -> Row:
        from flowscale_runtime.stores import keys
        from flowscale_specs.rights import ROLES

        expiry: datetime | None = wanted.get("expires_at")
        role = wanted.get("role") or ("custom" if wanted.get("scopes") else "contributor")
        if role not in ROLES and not wanted.get("scopes"):
            raise UsageError(f"there is no role {role!r}: without a server it is one of {', '.join(ROLES)}")
        key_id, key = keys.create(
            self._connection,
            self._owner.project,
            wanted["name"],
            role,
            self._now,
            scopes=wanted.get("scopes"),
            deployments=wanted.get("deployments"),
            rate=wanted.get("rate"),
            expires_at=_microseconds(expiry) if expiry else None,
        )
        self._note("key.created", wanted["name"], role=role, deployments=wanted.get("deployments"))
        return {"key": key, **self._one(key_id)}

    def list(self) -> list[Row]:
        from flowscale_runtime.stores import keys

        return [_shown(row._mapping) for row in keys.listing(self._connection, self._owner.project)]  # noqa: SLF001

    def rotate(self, key_id: str, overlap: timedelta) -> Row:
        from flowscale_runtime.stores import keys

        if self._one(key_id)["revoked_at"]:
            raise CliError(f"key {key_id} was revoked: make another with `flowscale keys create`")
        seconds = int(overlap.total_seconds())
        fresh, key = keys.rotate(
            self._connection, self._owner.project, key_id, seconds * 1_000_000, self._now
        )
        self._note("key.rotated", key_id, overlap=seconds)
        return {"key": key, **self._one(fresh), "replaces": key_id}

    def revoke(self, key_id: str) -> None:
        from flowscale_runtime.stores import keys

        self._one(key_id)
        keys.revoke(self._connection, self._owner.project, key_id, self._now)
        self._note("key.revoked", key_id)

    @property
    def _now(self) -> int:
        return _microseconds(self._clock())

    def _one(self, key_id: str) -> Row:
        found = next((row for row in self.list() if row["id"] == key_id), None)
        if found is None:
            raise CliError(f"there is no key {key_id}: `flowscale keys list` shows all")
        return found

    def _note(self, action: str, resource: str, **details: Any) -> None:
        from flowscale_runtime.stores.audit import Entry, record

        record(
            self._connection,
            Entry(self._owner.project, self._owner.id, action, resource, self._now, details),
        )


def _shown(row: Mapping[Any, Any]) -> Row:
    """A row as the server shows it: times are texts."""
    return {name: _moment(value) if name in _TIMES else value for name, value in row.items()}


def _moment(microseconds: int | None) -> str | None:
    if microseconds is None:
        return None
    return datetime.fromtimestamp(microseconds / 1e6, UTC).isoformat().replace("+00:00", "Z")


def _microseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)
