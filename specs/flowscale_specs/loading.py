"""From files and folders to documents: the one place that reads specs from disk."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from flowscale_specs.documents import Documents, Entry
from flowscale_specs.errors import SpecError, SpecErrors
from flowscale_specs.kinds import Workflow
from flowscale_specs.naming import Valid, named
from flowscale_specs.reading import Place, read_file, read_text
from flowscale_specs.suggestions import nearest
from flowscale_specs.validating import is_foreign, validate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flowscale_specs.kinds import Document

_SUFFIXES = frozenset({".yaml", ".yml"})
_SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__", "venv"})
_WORKFLOW_SUFFIXES = frozenset({".json", ".png", ".webp"})


class _File(NamedTuple):
    path: Path
    root: Path
    named: bool
    """Whether the caller named the file itself, not a folder around it."""


def load(*paths: Path) -> Documents:
    """Read specs from files, and from folders with all that is in them. Raises SpecErrors with every fault."""
    errors: list[SpecError] = []
    valid: list[Valid] = []
    read: list[Path] = []
    skipped: list[Path] = []
    for file in {file.path: file for file in _files(paths, errors)}.values():
        reading = read_file(file.path)
        kept = [(value, where) for value, where in reading.documents if not _is_other(value, file)]
        (read if kept or reading.errors else skipped).append(file.path)
        errors.extend(reading.errors)
        valid.extend(_validated(kept, file, errors))
    entries = named(valid, errors)
    errors.extend(error for entry in entries for error in _missing_source(entry))
    if errors:
        raise SpecErrors(errors)
    return Documents(entries, tuple(read), tuple(skipped))


def parse(data: bytes, path: Path = Path("specs.yaml")) -> Documents:
    """Read specs from bytes, as if they stood in a file at `path`; touches no disk."""
    file = _File(path, path.parent, True)
    reading = read_text(data, path)
    errors = list(reading.errors)
    kept = [(value, where) for value, where in reading.documents if not _is_other(value, file)]
    entries = named(list(_validated(kept, file, errors)), errors)
    if errors:
        raise SpecErrors(errors)
    return Documents(entries, (path,))


def _files(paths: Iterable[Path], errors: list[SpecError]) -> Iterator[_File]:
    for path in paths:
        if path.is_dir():
            yield from (_File(file, path, False) for file in _walk(path))
        elif path.is_file():
            yield _File(path, path.parent, True)
        else:
            errors.append(SpecError(path, 1, 1, "", "there is no such file or folder"))


def _walk(folder: Path) -> Iterator[Path]:
    """All YAML files under a folder, in the order of their names; hidden folders are left out."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name[0] != "." and name not in _SKIPPED_FOLDERS)
        for name in sorted(names):
            file = Path(parent, name)
            if file.suffix in _SUFFIXES and name[0] != "." and file.is_file():
                yield file


def _is_other(value: Any, file: _File) -> bool:
    """Empty documents say nothing; in folders there may be files that aren't ours."""
    return value is None or (not file.named and is_foreign(value))


def _validated(documents: list[tuple[Any, Place]], file: _File, errors: list[SpecError]) -> Iterator[Valid]:
    for value, where in documents:
        found = validate(value, where)
        if isinstance(found, tuple):
            errors.extend(found)
        else:
            yield Valid(value, found, file.path, file.root)


def _missing_source(entry: Entry[Document]) -> Iterator[SpecError]:
    """The workflow file must be there, and inside the folder that was loaded."""
    if not isinstance(entry.document, Workflow) or entry.document.spec.source.path is None:
        return
    source = entry.document.spec.source.path
    target = Path(entry.folder, source)
    steps = ("spec", "source")
    if not _is_inside(target, entry.root):
        yield entry.fault(steps, "leads out of the folder of the specs", f"put the file under {entry.root}")
    elif not os.path.isfile(target):  # noqa: PTH113 (takes any name, also one too long for a file)
        best = nearest(target.name, _workflow_files(target.parent))
        yield entry.fault(steps, f"there is no file {source}", f"did you mean {best}?" if best else "")


def _workflow_files(folder: Path) -> list[str]:
    names = os.listdir(folder) if os.path.isdir(folder) else []  # noqa: PTH112, PTH208
    return [name for name in names if Path(name).suffix in _WORKFLOW_SUFFIXES]


def _is_inside(path: Path, folder: Path) -> bool:
    root = os.path.normpath(folder.absolute())
    return os.path.normpath(path.absolute()).startswith(root.rstrip(os.sep) + os.sep)
