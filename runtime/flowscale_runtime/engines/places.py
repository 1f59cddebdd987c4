"""Folders of one job's own: where its nodes read and leave files that outlive it."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from flowscale_runtime.nodes import folders

WRITTEN_BY_US = ".text_"  # a shown text, that no node saved


def changed(named: Mapping[str, str] | None) -> folders.Folders:
    """The folders of this host, with those that are named (`input`, `output`, `temp`) in their place."""
    own, places = folders.current(), named or {}
    input_, output, temp = (Path(places.get(name, own.place(name))) for name in ("input", "output", "temp"))
    return replace(own, input=input_, output=output, temp=temp)


@contextmanager
def placed(named: Mapping[str, str] | None, models: str | None = None) -> Iterator[folders.Folders]:
    """The process works in other folders until the block ends; gives its own ones. `models` is looked into first."""
    own = folders.current()
    folders.use(with_models(changed(named), models))
    try:
        yield own
    finally:
        folders.use(own)


def with_models(own: folders.Folders, root: str | None) -> folders.Folders:
    """The folders with one more of models, which comes before the others."""
    if root is None:
        return own
    first = folders.kinds([Path(root)])
    every = {kind: [*first.get(kind, ()), *own.models.get(kind, ())] for kind in {*first, *own.models}}
    return replace(own, models=every)


def copy_out(outputs: list[dict[str, Any]], here: folders.Folders, aside: Path) -> None:
    """Copies what nodes saved, for the worker takes files away; each output keeps the name that it has here."""
    roots = {"output": here.output.resolve(), "temp": here.temp.resolve()}
    for number, output in enumerate(outputs):
        path, copied = Path(output["path"]), aside / f"{number}{output['extension']}"
        if path.name.startswith(WRITTEN_BY_US):
            path.rename(copied)
        else:
            shutil.copyfile(path, copied)
            output["metadata"] = {**output["metadata"], **named(path.resolve(), roots)}
        output["path"] = str(copied)


def named(path: Path, roots: Mapping[str, Path]) -> dict[str, str]:
    """A file as ComfyUI names it."""
    for kind, root in roots.items():
        if path.is_relative_to(root):
            folder = path.parent.relative_to(root).as_posix()
            return {"filename": path.name, "subfolder": "" if folder == "." else folder, "type": kind}
    return {}
