"""Bringing a database to the newest schema."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from flowscale_runtime.stores.tables import metadata

HEAD = "0001"
_SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(connection: Connection) -> None:
    """Gives a fresh database the newest schema, and runs the migrations that an older one lacks."""
    if not inspect(connection).has_table("alembic_version"):
        metadata.create_all(connection)
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})
    elif connection.execute(text("SELECT version_num FROM alembic_version")).scalar() != HEAD:
        run_migrations(connection)


def run_migrations(connection: Connection) -> None:
    """Alembic from wherever the database is to the newest schema."""
    from alembic import command  # takes a third of a second to import, and is needed once a release
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
