"""Images of the stores that come along with an environment, for tests: PostgreSQL and an S3 server over a folder."""

import tarfile
from pathlib import Path

from harness import layers
from harness.images import Built, built
from harness.programs import program

DATABASE = """#!/bin/sh
# Starts PostgreSQL as the official image does: settings from POSTGRES_*, data in PGDATA, made where there is none.
set -e
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb -D "$PGDATA" -U "$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --auth-host=scram-sha-256 --auth-local=trust -E UTF8 --locale=C
  echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
  echo "CREATE DATABASE $POSTGRES_DB" | postgres --single -D "$PGDATA" postgres
fi
exec postgres -D "$PGDATA" -c listen_addresses='*'
"""
USERS = "root:x:0:0:root:/root:/bin/sh\npostgres:x:999:999::/var/lib/postgresql:/bin/sh\n"


def database() -> Built:
    """PostgreSQL 15 of Debian, started as the official image of PostgreSQL is."""
    config = {
        "User": "999:999",
        "Entrypoint": ["/usr/local/bin/database"],
        "Env": ["PATH=/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin"],
        "StopSignal": "SIGINT",
    }
    own = (layers.text("usr/local/bin/database", DATABASE, 0o755), layers.text("etc/passwd", USERS))
    return built("database", [layers.debian("postgresql-15"), *own], config)


def objects() -> Built:
    """versitygw, with the few commands that its official image has from Alpine."""
    config = {"Entrypoint": ["/usr/local/bin/versitygw"], "Env": ["PATH=/usr/local/bin:/bin"]}
    return built("objects", [layers.kept("objects-1.tar", write_objects)], config)


def write_objects(path: Path) -> None:
    with tarfile.open(path, "w") as archive:
        archive.add("/bin/busybox", "bin/busybox", filter=layers.owned_by_root)
        for command in ("sh", "mkdir", "ls"):
            layers.add_link(archive, f"bin/{command}", "busybox")
        archive.add(program("versitygw"), "usr/local/bin/versitygw", filter=layers.owned_by_root)
