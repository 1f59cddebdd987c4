"""API keys: made once, kept as hashes, scoped, rotated with an overlap, revoked."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import uuid_utils
from sqlalchemy import Connection, Row, insert, select, update

from flowscale_runtime.stores.errors import NotFound
from flowscale_runtime.stores.locks import lock
from flowscale_runtime.stores.tables import keys
from flowscale_specs.rights import ROLES


@dataclass(frozen=True, slots=True)
class Key:
    """A key as a request meets it. Times are microseconds; `deployments` None means all of the project."""

    id: str
    name: str
    project: str
    role: str
    scopes: frozenset[str]
    deployments: tuple[str, ...] | None
    rate: str | None
    expires_at: int | None
    revoked_at: int | None


def digest(key: str) -> str:
    """What is kept of a key: it has 256 random bits, so one round of a fast hash is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


def create(
    connection: Connection,
    project: str,
    name: str,
    role: str,
    now: int,
    *,
    scopes: Sequence[str] | None = None,
    deployments: Sequence[str] | None = None,
    rate: str | None = None,
    expires_at: int | None = None,
) -> tuple[str, str]:
    """Makes a key; answers with its id and the key itself, which is nowhere else."""
    secret = f"fs_{secrets.token_urlsafe(32)}"
    key_id = str(uuid_utils.uuid7())
    connection.execute(
        insert(keys).values(
            id=key_id,
            hash=digest(secret),
            prefix=secret[:7],
            name=name,
            project=project,
            role=role,
            scopes=sorted(scopes if scopes is not None else ROLES[role]),
            deployments=list(deployments) if deployments is not None else None,
            rate=rate,
            created_at=now,
            expires_at=expires_at,
        )
    )
    return key_id, secret


def first(connection: Connection, project: str, now: int) -> str | None:
    """An owner's key, where the project has no key at all: whoever comes first makes it."""
    lock(connection, f"first key of {project}")
    if connection.execute(select(keys.c.id).where(keys.c.project == project).limit(1)).scalar():
        return None
    return create(connection, project, "owner", "owner", now)[1]


def ensure(connection: Connection, project: str, name: str, role: str, secret: str, now: int) -> None:
    """Makes a key that somebody else has thought of, unless it is there."""
    lock(connection, f"first key of {project}")
    if find(connection, digest(secret)) is None:
        key_id, _ = create(connection, project, name, role, now)
        prefix = secret[:7]
        connection.execute(update(keys).where(keys.c.id == key_id).values(hash=digest(secret), prefix=prefix))


def rotate(connection: Connection, project: str, key_id: str, overlap: int, now: int) -> tuple[str, str]:
    """A new key with the same rights; the old one works for `overlap` microseconds more."""
    old = _one(connection, project, key_id)
    fresh = create(
        connection,
        project,
        old.name,
        old.role,
        now,
        scopes=old.scopes,
        deployments=old.deployments,
        rate=old.rate,
    )
    until = now + overlap if old.expires_at is None else min(old.expires_at, now + overlap)
    connection.execute(update(keys).where(keys.c.id == key_id).values(expires_at=until, replaced_by=fresh[0]))
    return fresh


def revoke(connection: Connection, project: str, key_id: str, now: int) -> None:
    """Ends a key at once."""
    _one(connection, project, key_id)
    connection.execute(
        update(keys).where(keys.c.id == key_id, keys.c.revoked_at.is_(None)).values(revoked_at=now)
    )


def find(connection: Connection, name: str) -> Key | None:
    """The key with this hash or id, whatever its state."""
    column = keys.c.hash if len(name) == 64 else keys.c.id
    row = connection.execute(select(keys).where(column == name)).one_or_none()
    if row is None:
        return None
    return Key(
        row.id,
        row.name,
        row.project,
        row.role,
        frozenset(row.scopes),
        tuple(row.deployments) if row.deployments is not None else None,
        row.rate,
        row.expires_at,
        row.revoked_at,
    )


def listing(connection: Connection, project: str) -> list[Row[Any]]:
    """A tenant's keys, without what would let anybody use them."""
    columns = [column for column in keys.c if column.name != "hash"]
    return list(
        connection.execute(select(*columns).where(keys.c.project == project).order_by(keys.c.created_at))
    )


def touch(connection: Connection, used: dict[str, int]) -> None:
    """Notes when keys were last used."""
    for key_id, at in used.items():
        connection.execute(update(keys).where(keys.c.id == key_id).values(last_used_at=at))


def _one(connection: Connection, project: str, key_id: str) -> Row[Any]:
    row = connection.execute(select(keys).where(keys.c.id == key_id, keys.c.project == project)).one_or_none()
    if row is None:
        raise NotFound(f"no key {key_id}")
    return row
