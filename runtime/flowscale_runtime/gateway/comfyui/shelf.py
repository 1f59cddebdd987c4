"""Files as ComfyUI's clients name them: where those lie, in folders of this machine, or by name and run for many."""

import asyncio
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from flowscale_runtime.gateway.comfyui.tree import Tree, plain
from flowscale_runtime.gateway.errors import BadRequest, Forbidden, NotFound
from flowscale_runtime.gateway.state import State
from flowscale_runtime.stores import errors, files, queries

PLACES = ("input", "output", "temp")
_RUN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_LONGEST = 500  # characters of a name


@dataclass(frozen=True, slots=True)
class Name:
    """A file as clients name it."""

    filename: str
    subfolder: str = ""
    place: str = "output"


@dataclass(frozen=True, slots=True)
class Shown:
    """A file that is there, and the run that made it ("": none is known)."""

    path: Path
    name: str
    run_id: str = ""


class Shelf(Protocol):
    """Where files are. Names that make none raise BadRequest or Forbidden, those of nothing NotFound."""

    async def find(self, name: Name) -> Shown: ...

    async def keep(self, name: Name, data: bytes, key_id: str | None, *, overwrite: bool) -> Name: ...

    async def names(self, place: str) -> list[str]: ...

    async def newest(self, place: str) -> list[str]: ...

    async def places(self, graph: Mapping[str, Any]) -> dict[str, Any]: ...


class LocalShelf:
    """Folders of this machine, that its hosts work in."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    async def find(self, name: Name) -> Shown:
        """The file."""
        path = self._tree.file(name.filename, name.subfolder, name.place)
        if not path.is_file():
            raise NotFound(f"There is no file {name.filename!r}.", filename=name.filename)
        return Shown(path, path.name)

    async def keep(self, name: Name, data: bytes, key_id: str | None, *, overwrite: bool) -> Name:
        """Writes a file; the same bytes under the same name are there already, others get a number."""
        target = self._tree.file(name.filename, name.subfolder, name.place)
        kept = await asyncio.to_thread(store, target.parent, target.name, data, overwrite=overwrite)
        return Name(kept, name.subfolder, name.place)

    async def names(self, place: str) -> list[str]:
        """Files below a folder, in the order of their names."""
        return await asyncio.to_thread(self._tree.names, place)

    async def newest(self, place: str) -> list[str]:
        """Files right in a folder, the newest first."""
        return await asyncio.to_thread(self._tree.newest, place)

    async def places(self, graph: Mapping[str, Any]) -> dict[str, Any]:
        """Where hosts find what a graph names."""
        return {"folders": self._tree.folders}


class SharedShelf:
    """Names in the database for what is brought; what runs made lies in a folder that is called like the run."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def find(self, name: Name) -> Shown:
        """The file, read through this machine's cache."""
        path = path_of(name)
        found = await self._object(name.place, path)
        if found is None:
            later = " What a prompt makes is there when it has ended." if name.place != "input" else ""
            raise NotFound(f"There is no file {name.filename!r}.{later}", filename=name.filename)
        try:
            where = await asyncio.to_thread(self._state.objects.path, found[0])
        except errors.NotFound as error:
            raise NotFound(f"The file {name.filename!r} is gone.", filename=name.filename) from error
        return Shown(where, PurePosixPath(path).name, found[1])

    async def keep(self, name: Name, data: bytes, key_id: str | None, *, overwrite: bool) -> Name:
        """Keeps a file for every gateway and worker."""
        object_ = await asyncio.to_thread(self._state.objects.put, data)
        brought = files.Brought(self._project, name.place, path_of(name), object_, len(data), key_id)
        database, now = self._state.database, self._state.clock()
        path = PurePosixPath(await database.write(files.keep, brought, now, overwrite=overwrite))
        return Name(path.name, name.subfolder, name.place)

    async def names(self, place: str) -> list[str]:
        """Files that were brought, in the order of their names."""
        return sorted(await self.newest(place))

    async def newest(self, place: str) -> list[str]:
        """The same, the newest first."""
        return await self._state.database.read(files.names, self._project, place)

    async def places(self, graph: Mapping[str, Any]) -> dict[str, Any]:
        """The objects of those files that a graph names, for workers to lay where nodes look for them."""
        wanted: dict[str, dict[str, str]] = {}
        texts = {value for node in graph.values() for value in _texts(node)}
        for place in PLACES:
            named = {filename for filename, where in map(_meant, texts) if where == place}
            if found := await self._objects(place, named):
                wanted[place] = found
        return {"files": wanted} if wanted else {}

    @property
    def _project(self) -> str:
        return self._state.served.catalog.project

    async def _objects(self, place: str, paths: set[str]) -> dict[str, str]:
        found = await self._state.database.read(files.named, self._project, place, paths)
        made = {path for path in paths - found.keys() if _RUN.match(path.partition("/")[0])}
        objects = {path: await self._object(place, path) for path in made}
        return found | {path: object_[0] for path, object_ in objects.items() if object_}

    async def _object(self, place: str, path: str) -> tuple[str, str] | None:
        """The object that a name stands for, and the run that made it."""
        database, run_id = self._state.database, path.partition("/")[0]
        if place == "input" or not _RUN.match(run_id):
            object_ = await database.read(files.find, self._project, place, path)
            return None if object_ is None else (object_, "")
        try:
            _, rows = await database.read(queries.whole, self._project, run_id)
        except errors.NotFound:
            return None
        wanted = PurePosixPath(path)
        for row in rows:
            facts = row.metadata or {}
            if facts.get("type") == place and _path(facts) == wanted:
                return row.object, run_id
        return None


def path_of(name: Name) -> str:
    """The path below its place that a name means. Raises BadRequest or Forbidden."""
    filename, place = plain(name.filename, name.place)
    whole = f"{name.subfolder}/{filename}".replace("\\", "/").strip("/")
    if place not in PLACES:
        raise BadRequest(f"There is no folder {place!r}: it is {', '.join(PLACES)}.", folder=place)
    if not filename or "\0" in whole or len(whole) > _LONGEST or filename.startswith(("/", "\\")):
        raise BadRequest(f"{filename!r} is not a file name.", filename=filename)
    if ".." in PurePosixPath(whole).parts:
        raise Forbidden(f"The folder {name.subfolder!r} leads out of {place}.", subfolder=name.subfolder)
    return PurePosixPath(whole).as_posix()


def store(folder: Path, name: str, data: bytes, *, overwrite: bool) -> str:
    """Writes a file; the same bytes under the same name are there already, others get a number."""
    folder.mkdir(parents=True, exist_ok=True)
    path, number = folder / name, 0
    while not overwrite and path.exists():
        if _same(path, data):
            return path.name
        number += 1
        path = folder / f"{Path(name).stem} ({number}){Path(name).suffix}"
    aside = path.with_name(f".{path.name}.new")
    aside.write_bytes(data)
    aside.rename(path)
    return path.name


def _same(path: Path, data: bytes) -> bool:
    if path.stat().st_size != len(data):
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest() == hashlib.sha256(data).digest()


def _texts(node: Any) -> list[str]:
    inputs = node.get("inputs") if isinstance(node, dict) else None
    values = inputs.values() if isinstance(inputs, dict) else ()
    return [value for value in values if isinstance(value, str) and 0 < len(value) <= _LONGEST]


def _meant(text: str) -> tuple[str, str]:
    filename, place = plain(text, "input")
    return filename.replace("\\", "/"), place


def _path(facts: Mapping[str, Any]) -> PurePosixPath:
    return PurePosixPath(str(facts.get("subfolder") or "")) / str(facts.get("filename"))
