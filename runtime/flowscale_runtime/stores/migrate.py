"""Bringing a database to the newest schema."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from flowscale_runtime.stores.locks import lock
from flowscale_runtime.stores.tables import metadata

_SCRIPTS = Path(__file__).parent / "migrations"
HEAD = max(path.name[:4] for path in (_SCRIPTS / "versions").glob("[0-9]*.py"))


def upgrade(connection: Connection) -> None:
    """Gives a fresh database the newest schema, and runs the migrations that an older one lacks.

    A database that a newer release has migrated is left as it is: this release works with it.
    """
    lock(connection, "migrations")
    if not inspect(connection).has_table("alembic_version"):
        metadata.create_all(connection)
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})
    elif str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar()) < HEAD:
        run_migrations(connection)


def run_migrations(connection: Connection) -> None:
    """Alembic from wherever the database is to the newest schema."""
    from alembic import command  # takes a third of a second to import, and is needed once a release
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
