"""The audit log, sealed: entries are put into blocks, and each block names the one before by its digest.

A block is an object, so its name is the sha256 of its bytes: whoever keeps the newest name (the head) can tell whether
anything before it was changed, left out or put in, in the database or in the object store.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, Row, func, insert, select

from flowscale_runtime.stores.errors import NotFound
from flowscale_runtime.stores.locks import lock
from flowscale_runtime.stores.tables import audit, seals

BLOCK = 1000  # entries at most
FIRST = "0" * 64  # what the first block names as the one before


@dataclass(frozen=True, slots=True)
class Block:
    """Entries that were sealed together, and the digest of the block before."""

    number: int
    previous: str
    entries: tuple[dict[str, Any], ...]

    def bytes(self) -> bytes:
        """The same bytes for the same block, on any machine."""
        value = {"number": self.number, "previous": self.previous, "entries": list(self.entries)}
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it was sealed."""

    block: int
    what: str


def unsealed(connection: Connection) -> Block | None:
    """The next block, of entries that no block holds yet; None where there are none."""
    last = connection.execute(select(seals).order_by(seals.c.number.desc()).limit(1)).one_or_none()
    after = last.last_id if last else 0
    rows = connection.execute(select(audit).where(audit.c.id > after).order_by(audit.c.id).limit(BLOCK)).all()
    if not rows:
        return None
    number, previous = (last.number + 1, last.digest) if last else (1, FIRST)
    return Block(number, previous, tuple(_entry(row) for row in rows))


def keep(connection: Connection, block: Block, digest: str, now: int) -> bool:
    """Writes down that a block is sealed under this digest; False where another process was first."""
    lock(connection, "audit")
    newest = connection.execute(select(func.max(seals.c.number))).scalar() or 0
    if newest != block.number - 1:
        return False
    ids = [entry["id"] for entry in block.entries]
    values = {"number": block.number, "digest": digest, "first_id": ids[0], "last_id": ids[-1]}
    connection.execute(insert(seals).values(**values, at=now))
    return True


def head(connection: Connection) -> Row[Any] | None:
    """The newest seal."""
    return connection.execute(select(seals).order_by(seals.c.number.desc()).limit(1)).one_or_none()


def verify(
    connection: Connection, get: Callable[[str], bytes], known: str | None = None
) -> Iterator[Problem]:
    """Compares the log with its seals and with the blocks in the object store; `known` is a head that somebody kept.

    Entries that retention has removed from the database are read from the blocks alone.
    """
    previous, seen = FIRST, {FIRST}
    for seal in connection.execute(select(seals).order_by(seals.c.number)):
        try:
            block = _read(get(seal.digest))
        except NotFound:
            yield Problem(seal.number, f"its block {seal.digest} is not in the object store")
        else:
            if block.previous != previous:
                yield Problem(seal.number, "it doesn't follow the block before")
            yield from _compared(connection, seal, block)
        previous = seal.digest
        seen.add(previous)
    if known is not None and known not in seen:
        yield Problem(0, f"no seal has the digest {known}: seals were removed or made anew")


def _compared(connection: Connection, seal: Row[Any], block: Block) -> Iterator[Problem]:
    within = audit.c.id.between(seal.first_id, seal.last_id)
    now = {row.id: _entry(row) for row in connection.execute(select(audit).where(within))}
    sealed = {entry["id"]: entry for entry in block.entries}
    if (seal.first_id, seal.last_id) != (min(sealed), max(sealed)):
        yield Problem(seal.number, "the seal names other entries than its block holds")
    for number, entry in now.items():
        if sealed.get(number) != entry:
            yield Problem(seal.number, f"entry {number} is not as it was sealed")
    if now and (missing := sorted(sealed.keys() - now.keys())) and missing[-1] > min(now):
        yield Problem(seal.number, f"entry {missing[-1]} was removed")


def _read(data: bytes) -> Block:
    said = orjson.loads(data)
    return Block(said["number"], said["previous"], tuple(said["entries"]))


def _entry(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "at": row.at,
        "project": row.project,
        "actor": row.actor,
        "action": row.action,
        "resource": row.resource,
        "details": row.details,
    }
