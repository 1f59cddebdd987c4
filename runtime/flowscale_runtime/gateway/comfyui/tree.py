"""ComfyUI's folders: input, output and temp, with the names that clients know files by; user for settings."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from flowscale_runtime.gateway.errors import BadRequest, Forbidden

PLACES = ("input", "output", "temp")
_ANNOTATED = re.compile(r"^(?P<name>.*?)\s*\[(?P<place>input|output|temp)\]$", re.DOTALL)


class Tree:
    """The folders below `root`. What is temporary goes when the server starts."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        shutil.rmtree(self.root / "temp", ignore_errors=True)
        for name in (*PLACES, "user"):
            (self.root / name).mkdir(parents=True, exist_ok=True)

    @property
    def folders(self) -> dict[str, str]:
        """Where jobs read and save."""
        return {place: str(self.root / place) for place in PLACES}

    def place(self, name: str) -> Path:
        """The folder called input, output or temp. Raises BadRequest."""
        if name not in PLACES:
            raise BadRequest(f"There is no folder {name!r}: it is {', '.join(PLACES)}.", folder=name)
        return self.root / name

    def file(self, filename: str, subfolder: str = "", place: str = "output") -> Path:
        """Where a file is or would be. Raises BadRequest, or Forbidden where the subfolder leads out."""
        filename, place = plain(filename, place)
        root = self.place(place)
        if (
            not filename
            or filename.startswith(("/", "\\"))
            or ".." in filename
            or "\0" in filename + subfolder
        ):
            raise BadRequest(f"{filename!r} is not a file name.", filename=filename)
        folder = (root / subfolder.replace("\\", "/")).resolve()
        if not folder.is_relative_to(root):
            raise Forbidden(f"The folder {subfolder!r} leads out of {place}.", subfolder=subfolder)
        path = (folder / Path(filename.replace("\\", "/")).name).resolve()
        if not path.is_relative_to(root):
            raise Forbidden(f"{filename!r} leads out of {place}.", filename=filename)
        return path

    def names(self, place: str, suffixes: tuple[str, ...] = ()) -> list[str]:
        """Files below a folder, in the order of their names."""
        root = self.place(place)
        return sorted(
            path.relative_to(root).as_posix()
            for path in files(root)
            if not suffixes or path.suffix.lower() in suffixes
        )

    def newest(self, place: str) -> list[str]:
        """Files right in a folder, the newest first."""
        found = [path for path in self.place(place).iterdir() if path.is_file() and path.name[0] != "."]
        return [path.name for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)]


def plain(filename: str, place: str) -> tuple[str, str]:
    """A name without its `[output]`, and the folder that it means."""
    if match := _ANNOTATED.match(filename):
        return match["name"], match["place"]
    return filename, place


def files(root: Path) -> Iterator[Path]:
    """All files below a folder but hidden ones."""
    for path in root.rglob("*"):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(root).parts):
            yield path


def write(path: Path, data: bytes) -> None:
    """Writes a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.new")
    aside.write_bytes(data)
    aside.rename(path)
