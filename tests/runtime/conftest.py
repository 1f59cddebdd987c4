"""One PostgreSQL and one S3 server for all tests of the runtime that want one."""

import socket
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine

from flowscale_runtime.stores import migrate
from flowscale_runtime.stores.tables import metadata
from harness.postgres import Postgres, postgres
from harness.s3 import S3, s3

SCRATCH = "flowscale"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    with postgres(_port()) as server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {SCRATCH}")
        engine = create_engine(server.url(SCRATCH).replace("postgresql:", "postgresql+psycopg:"))
        with engine.begin() as migrated:
            migrate.upgrade(migrated)
        engine.dispose()
        yield server


@pytest.fixture
def postgres_url(postgres_server: Postgres) -> str:
    """The address of an empty database with the newest schema."""
    tables = ", ".join(f'"{name}"' for name in metadata.tables)
    with psycopg.connect(postgres_server.url(SCRATCH), autocommit=True) as connection:
        connection.execute(f"TRUNCATE {tables} RESTART IDENTITY")
    return postgres_server.url(SCRATCH)


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    with s3(Path(tmp_path_factory.mktemp("s3")), _port()) as server:
        yield server


def _port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
