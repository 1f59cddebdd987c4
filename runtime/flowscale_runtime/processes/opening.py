"""Which stores an address stands for."""

from pathlib import Path

from flowscale_runtime.stores.buckets import BucketObjects
from flowscale_runtime.stores.direct import Direct
from flowscale_runtime.stores.objects import FolderObjects, Objects
from flowscale_runtime.stores.postgres import PostgresDatabase


class WrongAddress(Exception):
    """A setting names a store that this process can't use."""


def open_database(address: str) -> PostgresDatabase:
    """The database that several processes share. Raises WrongAddress."""
    if not address.startswith(("postgresql://", "postgres://")):
        hint = "gateways and workers share PostgreSQL (postgresql://...); SQLite is for `flowscale serve`"
        raise WrongAddress(f"the database {address.partition(':')[0]!r} can't be shared: {hint}")
    return PostgresDatabase(address.replace("postgres://", "postgresql://", 1))


def open_direct(objects: str, direct: str) -> Direct | None:
    """The bucket as callers reach it: not at all (""), as this process does ("yes"), or by an endpoint. Raises WrongAddress."""
    if not direct or direct.lower() in {"no", "false"}:
        return None
    try:
        return Direct(objects, "" if direct.lower() in {"yes", "true"} else direct)
    except ValueError as error:
        raise WrongAddress(f"files can't go straight to callers: {error}") from error


def open_objects(address: str, data: Path) -> Objects:
    """Objects in a bucket, read through a folder of `data`, or in a folder that all machines see."""
    if "://" in address:
        return BucketObjects(address, data / "cache")
    return FolderObjects(Path(address))
