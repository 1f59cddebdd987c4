"""Folders of single runs: what clients of many machines call a file leads to the run that made it.

Nodes number what they save from what lies in their folder, and workers share none. So each run has its own, and the name of
its files begins with the run's.
"""

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from flowscale_runtime.stores.objects import Objects

PLACES = ("input", "output", "temp")
MOST_HELD = 1000  # runs
SAVED = frozenset({"output", "temp"})
Files = Mapping[str, Mapping[str, str]]
"""By place and path below it: the object."""


class Apart:
    """Folders below `root`."""

    def __init__(self, root: Path, objects: Objects) -> None:
        self._root, self._objects = root, objects
        self._held: dict[str, list[Any]] = {}
        shutil.rmtree(root, ignore_errors=True)

    def make(self, name: str, files: Files) -> dict[str, str]:
        """Folders with these files in them, by place."""
        self._held.pop(name, None)  # of an attempt that died
        folders = {place: self._root / name / place for place in PLACES}
        for folder in folders.values():
            folder.mkdir(parents=True, exist_ok=True)
        for place, named in files.items():
            for path, object_ in named.items():
                target = folders[place] / path
                if not target.resolve().is_relative_to(folders[place].resolve()):
                    raise ValueError(f"{path!r} leads out of {place}")
                target.parent.mkdir(parents=True, exist_ok=True)
                with suppress(FileExistsError):
                    os.link(self._objects.path(object_), target)
        return {place: str(folder) for place, folder in folders.items()}

    def drop(self, name: str) -> None:
        """Removes them."""
        shutil.rmtree(self._root / name, ignore_errors=True)

    def telling(self, run_id: str, events: list[Any]) -> list[Any]:
        """What may be told of nodes now: files that they show are told when others can read them."""
        now = []
        for event in events:
            if event[0] == "done" and event[2] is not None and _files(event[2]):
                self._hold(run_id, ["done", event[1], under(run_id, event[2]), False])
                event = ["done", event[1], None, event[3]]  # noqa: PLW2901
            now.append(event)
        return now

    def _hold(self, run_id: str, event: list[Any]) -> None:
        self._held.setdefault(run_id, []).append(event)
        if len(self._held) > MOST_HELD:  # runs that somebody else ended leave theirs here
            del self._held[next(iter(self._held))]

    def published(self, run_id: str) -> list[Any]:
        """What was held back, and may be told now."""
        return self._held.pop(run_id, [])

    def named(self, run_id: str, result: dict[str, Any]) -> None:
        """Gives the files of a result the names that clients know them by."""
        for output in result.get("outputs", ()):
            if "subfolder" in output.get("metadata", {}):
                output["metadata"] = _under(run_id, output["metadata"])
        if trace := result.get("trace"):
            trace["ui"] = {node: under(run_id, ui) for node, ui in trace["ui"].items()}


def under(run_id: str, ui: Mapping[str, Any]) -> dict[str, Any]:
    """What a node shows, with its files in a folder that is called like the run."""
    return {
        name: [_under(run_id, item) if _is_file(item) else item for item in items]
        if isinstance(items, list)
        else items
        for name, items in ui.items()
    }


def _files(ui: Mapping[str, Any]) -> bool:
    return any(_is_file(item) for items in ui.values() if isinstance(items, list) for item in items)


def _is_file(item: Any) -> bool:
    return isinstance(item, dict) and "filename" in item and item.get("type", "output") in SAVED


def _under(run_id: str, item: Mapping[str, Any]) -> dict[str, Any]:
    return {**item, "subfolder": (PurePosixPath(run_id) / str(item.get("subfolder") or "")).as_posix()}
