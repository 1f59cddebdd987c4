"""Where nodes find and leave files: set once by the engine, read by nodes when they run."""

from __future__ import annotations

import re
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from flowscale_runtime.nodes.errors import FetchRefused, FileProblem, FoldersNotSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

PLACES = ("input", "output", "temp")
_ANNOTATED = re.compile(r"^(?P<name>.*?)\s*\[(?P<place>input|output|temp)\]$", re.DOTALL)


@dataclass(frozen=True)
class Folders:
    """The folders of one host process, and what its nodes may do with them."""

    input: Path
    output: Path
    temp: Path
    user: Path
    models: Mapping[str, Sequence[Path]] = field(default_factory=dict)
    fetch: Callable[[str], Path] | None = None  # turns a URL into a local file; None refuses URLs
    browse: bool = False  # choices list the input folder: for one user's editor, never for many tenants
    metadata: bool = True  # saved files carry the workflow that made them

    def place(self, name: str) -> Path:
        """The folder called input, output or temp."""
        return {"input": self.input, "output": self.output, "temp": self.temp}[name]

    def file(self, name: str, default: str = "input") -> Path:
        """An existing file by the name a widget holds, such as `cat.png` or `cat.png [output]`."""
        match = _ANNOTATED.match(name)
        place = match["place"] if match else default
        return existing(self.place(place), match["name"] if match else name, f"the {place} folder")

    def model(self, kind: str, name: str) -> Path:
        """A model file of a kind such as `loras`, from the first folder that has it, or `NAME [input]`."""
        if _ANNOTATED.match(name):
            return self.file(name)
        for folder in self.models.get(kind, ()):
            if (path := inside(folder, name)).is_file():
                return path
        raise FileProblem(
            f"no model {name!r} in the {kind} folders",
            f"put the file into one of {[str(path) for path in self.models.get(kind, ())]} "
            "or declare it under `models` of the workflow",
        )

    def path(self, name: str) -> Path:
        """An existing file by a widget's name or by its full path, which must be in one of the folders."""
        full = Path(name)
        if not full.is_absolute():
            return self.file(name)
        resolved = full.resolve()
        roots = [root.resolve() for root in (self.input, self.output, self.temp)]
        if not any(resolved.is_relative_to(root) for root in roots) or not resolved.is_file():
            raise FileProblem(
                f"no file {name!r} in the folders of this run", "use a file that the run made or was given"
            )
        return resolved

    def model_names(self, kind: str, suffixes: Sequence[str] = (".safetensors", ".sft")) -> list[str]:
        """The models of a kind, as the choices of a loader."""
        return sorted({name for folder in self.models.get(kind, ()) for name in listed(folder, suffixes)})

    def input_names(self, suffixes: Sequence[str]) -> list[str]:
        """Files that an upload widget offers; none where several users share the folder."""
        return listed(self.input, suffixes) if self.browse else []

    def fetched(self, url: str) -> Path:
        """A local copy of what a URL names."""
        if self.fetch is None:
            raise FetchRefused(
                f"a node was given the URL {url!r}, and this engine fetches nothing",
                "submit the URL as an input of the run: it is then downloaded and checked before the run starts",
            )
        return self.fetch(url)


_current: Folders | None = None
_here: ContextVar[Folders | None] = ContextVar("flowscale_folders", default=None)


def use(folders: Folders) -> None:
    """Name the folders of this process; the engine calls this before nodes are described or run."""
    global _current
    _current = folders


@contextmanager
def using(folders: Folders) -> Iterator[None]:
    """Other folders in this context alone, whatever runs on other threads."""
    token = _here.set(folders)
    try:
        yield
    finally:
        _here.reset(token)


def current() -> Folders:
    """The folders of this context, else of this process."""
    found = _here.get() or _current
    if found is None:
        raise FoldersNotSet("no folders are set for nodes", "call folders.use(Folders(...)) before a run")
    return found


def choices(suffixes: Sequence[str]) -> list[str]:
    """Input files to offer while a node is described, where there may be no engine yet."""
    return _current.input_names(suffixes) if _current else []


def model_choices(kind: str) -> list[str]:
    """Model files to offer while a node is described, where there may be no engine yet."""
    return _current.model_names(kind) if _current else []


def inside(root: Path, name: str) -> Path:
    """`root/name`, refused where it leads out of the root, also by a link."""
    if not name or "\0" in name:
        raise FileProblem(f"{name!r} is no file name", "give a name relative to its folder")
    base = root.resolve()
    path = (base / name.replace("\\", "/")).resolve()
    if path != base and base not in path.parents:
        raise FileProblem(f"the name {name!r} leads out of its folder", "give a name relative to its folder")
    return path


def kinds(roots: Iterable[Path]) -> dict[str, list[Path]]:
    """The folders of models by kind: each root has a folder for every kind."""
    found: dict[str, list[Path]] = {}
    for root in roots:
        for kind in sorted(root.iterdir()) if root.is_dir() else ():
            if kind.is_dir() and not kind.name.startswith("."):
                found.setdefault(kind.name, []).append(kind)
    return found


def existing(root: Path, name: str, where: str) -> Path:
    """A file below a root; its absence is an error that says where it was looked for."""
    path = inside(root, name)
    if not path.is_file():
        raise FileProblem(f"no file {name!r} in {where}", "upload it, or correct the name in the workflow")
    return path


def listed(root: Path, suffixes: Sequence[str]) -> list[str]:
    """Relative names of the files below a root that end in one of the suffixes, sorted."""
    found = (path for path in root.rglob("*") if path.suffix.lower() in suffixes and path.is_file())
    return sorted(path.relative_to(root).as_posix() for path in found)


def check_file(name: object, place: str = "input") -> bool | str:
    """For VALIDATE_INPUTS: True, or why the file can't be used."""
    if not isinstance(name, str):  # linked: known only when the node runs
        return True
    try:
        current().file(name, place)
    except (FileProblem, FoldersNotSet) as error:
        return f"{error}: {error.hint}"
    return True
