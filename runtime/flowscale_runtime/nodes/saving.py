"""File names for what nodes save: prefixes with subfolders and tokens, numbered past what is there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from flowscale_runtime.nodes import folders
from flowscale_runtime.nodes.errors import FileProblem

Entry = dict[str, str]
_CLOCK = {"year": "%Y", "month": "%m", "day": "%d", "hour": "%H", "minute": "%M", "second": "%S"}
_UNSAFE = re.compile(r'[\x00-\x1f<>:"|?*]')


@dataclass(frozen=True)
class Destination:
    """Where one call of a node saves; files are `name_00001_.ext` and on."""

    root: Path
    subfolder: str
    name: str
    counter: int
    place: str

    def path(self, extension: str, index: int = 0) -> Path:
        """The file for the index-th item of a batch."""
        name = self.name.replace("%batch_num%", str(index))
        return self.root / self.subfolder / f"{name}_{self.counter + index:05}_.{extension}"

    def entry(self, path: Path) -> Entry:
        """How a node reports a saved file."""
        return {"filename": path.name, "subfolder": self.subfolder, "type": self.place}


def destination(
    prefix: str, *, place: str = "output", width: int = 0, height: int = 0, now: datetime | None = None
) -> Destination:
    """Make room for files of a prefix such as `video/ComfyUI` or `run-%year%-%width%`."""
    root = folders.current().place(place)
    relative = PurePosixPath(_expanded(prefix, width, height, now).replace("\\", "/"))
    name = _UNSAFE.sub("_", relative.name) or "ComfyUI"
    if name in {".", ".."} or len(name.encode()) > 200:
        raise FileProblem(f"{prefix!r} can't begin a file name", "use a shorter prefix of letters and digits")
    folder = folders.inside(root, _UNSAFE.sub("_", relative.parent.as_posix()))
    folder.mkdir(parents=True, exist_ok=True)
    subfolder = folder.relative_to(root.resolve()).as_posix()
    return Destination(root, "" if subfolder == "." else subfolder, name, _next(folder, name), place)


def _expanded(prefix: str, width: int, height: int, now: datetime | None) -> str:
    moment = now or datetime.now().astimezone()
    for token, form in _CLOCK.items():
        prefix = prefix.replace(f"%{token}%", moment.strftime(form))
    return prefix.replace("%width%", str(width)).replace("%height%", str(height))


def _next(folder: Path, name: str) -> int:
    pattern = re.compile(re.escape(name).replace("%batch_num%", r"\d+") + r"_(\d+)_?\.[^.]+$")
    taken = (match for path in folder.iterdir() if (match := pattern.fullmatch(path.name)))
    return max((int(match[1]) for match in taken), default=0) + 1


def metadata(prompt: Any, extra: dict[str, Any] | None) -> dict[str, Any]:
    """What a saved file says of the workflow that made it; empty where that is turned off."""
    if not folders.current().metadata:
        return {}
    return ({} if prompt is None else {"prompt": prompt}) | (extra or {})
