"""Databases: transactions, groups, and that migrations and metadata are one."""

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, insert, select, text

from flowscale_runtime.stores import migrate
from flowscale_runtime.stores.database import SqliteDatabase
from flowscale_runtime.stores.tables import audit, metadata

LINE = {"at": 1, "project": "p", "actor": "a", "action": "x", "resource": "r"}


def add(connection, fail=False):
    connection.execute(insert(audit), LINE)
    if fail:
        raise ValueError("no")


def count(connection):
    return len(connection.execute(select(audit)).all())


async def test_a_write_that_raises_leaves_nothing_and_the_others_of_its_group_stay(database):
    jobs = [database.write(add, fail=number % 2 == 1) for number in range(10)]
    results = await asyncio.gather(*jobs, return_exceptions=True)
    assert [isinstance(result, ValueError) for result in results] == [False, True] * 5
    assert await database.read(count) == 5


async def test_a_lone_write_that_raises_is_rolled_back(database):
    with pytest.raises(ValueError, match="no"):
        await database.write(add, fail=True)
    assert await database.read(count) == 0


async def test_a_read_sees_every_write_that_returned(database):
    for number in range(20):
        await database.write(add)
        assert await database.read(count) == number + 1


async def test_what_was_written_is_there_after_the_file_is_opened_again(tmp_path):
    for _ in range(2):
        database = SqliteDatabase(tmp_path / "x.db")
        await database.write(migrate.upgrade)
        await database.write(add)
        await database.close()
    database = SqliteDatabase(tmp_path / "x.db")
    assert await database.read(count) == 2
    await database.close()


async def test_closing_finishes_what_was_asked_before(tmp_path):
    database = SqliteDatabase(tmp_path / "x.db")
    await database.write(migrate.upgrade)
    jobs = [asyncio.ensure_future(database.write(add)) for _ in range(50)]
    await asyncio.sleep(0)
    await database.close()
    assert await asyncio.gather(*jobs) == [None] * 50


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.services)])
def bare(request):
    """A connection to a database without any tables."""
    if request.param == "postgres":
        server = request.getfixturevalue("postgres_server")
        engine = create_engine(server.fresh().replace("postgresql:", "postgresql+psycopg:"))
    else:
        engine = create_engine("sqlite://")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_migrations_lead_to_the_tables_of_the_metadata(bare):
    bare.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)"))
    migrate.run_migrations(bare)
    assert compare_metadata(MigrationContext.configure(bare), metadata) == []
    assert bare.execute(text("SELECT version_num FROM alembic_version")).scalar() == migrate.HEAD


def test_an_older_database_is_migrated_and_a_newer_one_is_left_as_it_is(bare):
    for version in ("0001", "9999"):
        bare.execute(text("DROP TABLE IF EXISTS alembic_version"))
        bare.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)"))
        if version == "0001":
            migrate.run_migrations(bare)
        else:
            bare.execute(text("INSERT INTO alembic_version VALUES ('9999')"))
        migrate.upgrade(bare)
        kept = bare.execute(text("SELECT version_num FROM alembic_version")).scalar()
        assert kept == ("9999" if version == "9999" else migrate.HEAD)
