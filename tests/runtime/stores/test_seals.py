"""The sealed audit log: whatever is changed, left out or put in is found."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, insert, text, update

from flowscale_runtime.stores import audit, seals
from flowscale_runtime.stores.audit import Entry
from flowscale_runtime.stores.database import Database
from flowscale_runtime.stores.errors import NotFound
from flowscale_runtime.stores.tables import audit as entries
from flowscale_runtime.stores.tables import seals as sealed


class Blocks(dict[str, bytes]):
    """Blocks by their digest."""

    def put(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        self[digest] = data
        return digest

    def get_block(self, digest: str) -> bytes:
        try:
            return self[digest]
        except KeyError:
            raise NotFound(f"no object {digest}") from None


async def note(database: Database, count: int) -> None:
    for number in range(count):
        entry = Entry("studio", "key-1", "key.created", f"key {number}", 1000 + number, {"n": number})
        await database.write(audit.record, entry)


async def seal(database: Database, blocks: Blocks) -> str | None:
    block = await database.read(seals.unsealed)
    if block is None:
        return None
    digest = blocks.put(block.bytes())
    assert await database.write(seals.keep, block, digest, 5)
    return digest


@pytest.fixture
async def log(database: Database) -> tuple[Database, Blocks, list[str | None]]:
    """Three blocks of three entries each, and their digests."""
    blocks, heads = Blocks(), []
    for _ in range(3):
        await note(database, 3)
        heads.append(await seal(database, blocks))
    return database, blocks, heads


async def problems(database: Database, blocks: Blocks, known: str | None = None) -> list[tuple[int, str]]:
    found = await database.read(lambda c: list(seals.verify(c, blocks.get_block, known)))
    return [(problem.block, problem.what) for problem in found]


async def test_an_untouched_log_has_no_problem(log) -> None:
    database, blocks, heads = log
    assert await problems(database, blocks, heads[1]) == []
    assert await seal(database, blocks) is None


async def test_each_block_names_the_one_before(log) -> None:
    _, blocks, heads = log
    for before, after in zip([seals.FIRST, *heads], heads, strict=False):
        assert before.encode() in blocks[after]


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (update(entries).where(entries.c.id == 5).values(actor="nobody"), "entry 5 is not as it was sealed"),
        (update(entries).where(entries.c.id == 5).values(details=None), "entry 5 is not as it was sealed"),
        (delete(entries).where(entries.c.id == 5), "entry 5 was removed"),
    ],
    ids=["changed actor", "changed details", "removed"],
)
async def test_a_harmed_entry_is_named(log, harm: Any, said: str) -> None:
    database, blocks, _ = log
    await database.write(lambda c: c.execute(harm) and None)
    assert await problems(database, blocks) == [(2, said)]


async def test_an_entry_put_between_is_found(log) -> None:
    database, blocks, _ = log
    await database.write(lambda c: c.execute(delete(entries).where(entries.c.id == 5)) and None)
    forged = {"id": 5, "at": 1, "project": "studio", "actor": "x", "action": "y", "resource": "z"}
    await database.write(lambda c: c.execute(insert(entries).values(**forged)) and None)
    assert await problems(database, blocks) == [(2, "entry 5 is not as it was sealed")]


async def test_a_log_sealed_anew_is_found_by_a_head_that_was_kept(log) -> None:
    database, blocks, heads = log
    await database.write(
        lambda c: c.execute(update(entries).where(entries.c.id == 5).values(actor="me")) and None
    )
    await database.write(lambda c: c.execute(delete(sealed)) and None)
    while await seal(database, blocks):
        pass
    assert await problems(database, blocks) == []
    assert [block for block, _ in await problems(database, blocks, heads[2])] == [0]


async def test_a_lost_block_and_a_broken_chain_are_found(log) -> None:
    database, blocks, heads = log
    data = blocks.pop(heads[1])
    assert [block for block, _ in await problems(database, blocks)] == [2]
    other = blocks.put(data.replace(heads[0].encode(), b"1" * 64))
    await database.write(
        lambda c: c.execute(update(sealed).where(sealed.c.number == 2).values(digest=other)) and None
    )
    assert await problems(database, blocks) == [
        (2, "it doesn't follow the block before"),
        (3, "it doesn't follow the block before"),
    ]


async def test_entries_that_retention_removed_are_no_problem(log) -> None:
    database, blocks, heads = log
    await database.write(lambda c: c.execute(text("DELETE FROM audit WHERE id <= 4")) and None)
    assert await problems(database, blocks, heads[2]) == []


async def test_of_two_that_seal_at_once_one_wins(database: Database) -> None:
    blocks = Blocks()
    await note(database, 2)
    block = await database.read(seals.unsealed)
    digest = blocks.put(block.bytes())
    answers: list[Callable[..., bool]] = [
        await database.write(seals.keep, block, digest, 5) for _ in range(2)
    ]
    assert answers == [True, False]
