"""Files that clients know by name, in folders of a project: which object each name stands for.

Their objects are held as uploads are, and go when those do.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePosixPath

from sqlalchemy import Connection, insert, select, update

from flowscale_runtime.stores import holdings
from flowscale_runtime.stores.locks import lock
from flowscale_runtime.stores.tables import files


@dataclass(frozen=True, slots=True)
class Brought:
    """A file that somebody brings: into `place`, at `path` below it, as an object of `size` bytes."""

    project: str
    place: str
    path: str
    object: str
    size: int
    key_id: str | None = None


def keep(connection: Connection, file: Brought, now: int, *, overwrite: bool) -> str:
    """Keeps a file; answers with its path: another file of that name is there already, and it gets a number."""
    lock(connection, f"files {file.project} {file.place}")
    path, number = file.path, 0
    plain = PurePosixPath(file.path)
    while not overwrite and find(connection, file.project, file.place, path) not in (None, file.object):
        number += 1
        path = plain.with_name(f"{plain.stem} ({number}){plain.suffix}").as_posix()
    mine = (files.c.project == file.project) & (files.c.place == file.place) & (files.c.path == path)
    kept = {"object": file.object, "at": now}
    if not connection.execute(update(files).where(mine).values(kept)).rowcount:
        whose = {"project": file.project, "place": file.place, "path": path}
        connection.execute(insert(files).values(**whose, **kept))
    holdings.hold(connection, file.project, file.object, now, file.size, file.key_id)
    return path


def find(connection: Connection, project: str, place: str, path: str) -> str | None:
    """The object that a name stands for."""
    return named(connection, project, place, [path]).get(path)


def named(connection: Connection, project: str, place: str, paths: Collection[str]) -> dict[str, str]:
    """The objects of those names that are known."""
    query = select(files.c.path, files.c.object).where(
        files.c.project == project, files.c.place == place, files.c.path.in_(paths)
    )
    return {row.path: row.object for row in connection.execute(query)}


def names(connection: Connection, project: str, place: str) -> list[str]:
    """All names of a place, the newest first."""
    query = select(files.c.path).where(files.c.project == project, files.c.place == place)
    return list(connection.execute(query.order_by(files.c.at.desc(), files.c.path)).scalars())
