"""PostgreSQL as it really is: late, restarting, killed in the middle of a commit, slow."""

import asyncio
import socket
import threading

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from flowscale_runtime.stores import migrate, queries, submission
from flowscale_runtime.stores.errors import Unavailable
from flowscale_runtime.stores.postgres import PostgresDatabase
from harness.postgres import postgres

pytestmark = pytest.mark.services
NOW = 1_700_000_000_000_000


@pytest.fixture(scope="module")
def mortal():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with postgres(port) as server:
        yield server


@pytest.fixture
def server(mortal):
    """A server that may be stopped, with an empty database called `tried`."""
    with psycopg.connect(mortal.url(), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS tried")
        connection.execute("CREATE DATABASE tried")
    yield mortal
    if mortal.process.poll() is not None:
        mortal.start()


@pytest.fixture
async def database(server):
    database = PostgresDatabase(server.url("tried"), size=4, patience=60)
    await database.write(migrate.upgrade)
    yield database
    await database.close()


async def count(database):
    return (await database.read(queries.page, queries.Filter("studio"), "created_at", False, 0, 1))[1]


async def test_gateways_that_start_at_once_on_an_empty_database_make_one_schema(server):
    several = [PostgresDatabase(server.url("tried"), size=2) for _ in range(4)]
    await asyncio.gather(*(one.write(migrate.upgrade) for one in several))
    versions = await several[0].read(lambda c: c.execute(text("SELECT * FROM alembic_version")).all())
    assert [tuple(row) for row in versions] == [(migrate.HEAD,)]
    for one in several:
        await one.close()


async def test_a_server_that_starts_late_is_waited_for(server, database, new_run):
    server.stop()
    write = asyncio.ensure_future(database.write(submission.submit, new_run(), NOW))
    await asyncio.sleep(0.5)
    await asyncio.to_thread(server.start)
    assert (await write).state == "queued"


async def test_writes_go_on_over_a_server_that_is_killed_and_lose_nothing(server, database, new_run):
    writes = [asyncio.ensure_future(database.write(submission.submit, new_run(), NOW)) for _ in range(60)]
    await asyncio.wait(writes, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.to_thread(server.kill)
    await asyncio.to_thread(server.start)
    answers = await asyncio.gather(*writes)
    assert len({answer.run_id for answer in answers}) == 60
    assert await count(database) == 60


async def test_a_commit_whose_answer_was_lost_is_not_done_again(server, database, new_run):
    """The session is cut off after the commit reached the server, before its answer reached us."""
    calls = []

    def submit(connection, run):
        calls.append(run.id)
        answer = submission.submit(connection, run, NOW)
        if len(calls) == 1:
            raw = connection.connection.dbapi_connection
            commit = raw.commit

            def cut():
                commit()
                threading.Thread(target=raw.pgconn.finish).run()
                raw.execute("SELECT 1")

            raw.commit = cut
        return answer

    answer = await database.write(submit, new_run())
    assert (answer.run_id, calls) == ("run-1", ["run-1"])
    assert await count(database) == 1


async def test_a_server_that_stays_away_is_told_as_unavailable(server, new_run):
    database = PostgresDatabase(server.url("tried"), size=1, patience=0.3)
    server.stop()
    with pytest.raises(Unavailable, match="the database can't be reached"):
        await database.write(submission.submit, new_run(), NOW)
    await database.close()


async def test_a_statement_that_never_ends_is_ended(database):
    def forever(connection):
        connection.execute(text("SET LOCAL statement_timeout = '100ms'"))
        connection.execute(text("SELECT pg_sleep(60)"))

    with pytest.raises(DBAPIError, match="statement timeout"):
        await database.write(forever)
    assert await database.read(lambda c: c.execute(text("SHOW statement_timeout")).scalar()) == "30s"


async def test_a_read_sees_one_moment(database, new_run):
    def twice(connection):
        first = connection.execute(text("SELECT count(*) FROM runs")).scalar()
        submitted.set()
        done.wait(5)
        return first, connection.execute(text("SELECT count(*) FROM runs")).scalar()

    submitted, done = threading.Event(), threading.Event()
    reading = asyncio.ensure_future(database.read(twice))
    await asyncio.to_thread(submitted.wait, 5)
    await database.write(submission.submit, new_run(), NOW)
    done.set()
    assert await reading == (0, 0)
