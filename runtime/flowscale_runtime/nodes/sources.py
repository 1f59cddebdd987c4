"""Digests of pack sources, so that a release can tell which code it ran on."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.metadata import EntryPoint
    from types import ModuleType

SUFFIXES = {".py", ".json", ".yaml", ".yml", ".toml", ".txt", ".so", ".pyd"}
SKIPPED = {"__pycache__", "node_modules", "tests"}


def of_module(point: EntryPoint, module: ModuleType) -> str:
    """Of an installed pack: its entry point, version and sources."""
    version = point.dist.version if point.dist else ""
    return combined([point.name, point.value, version, _of_package(_package(module))])


def _package(module: ModuleType) -> Path:
    """The folder that a pack shares with its helpers; the file alone where it stands by itself."""
    file = Path(module.__file__ or "")
    own = file.parent if file.name == "__init__.py" else file
    return own.parent if "." in module.__name__ else own


@cache
def _of_package(path: Path) -> str:
    return of_path(path)  # modules don't change once they are imported, and packs share folders


def of_path(path: Path) -> str:
    """Of a file, or of all sources in a folder, by their relative names."""
    if not path.is_dir():
        return _digest(path) if path.is_file() else ""
    names = sorted(file.relative_to(path) for file in path.rglob("*") if _counts(file, path))
    return combined(f"{name.as_posix()} {_digest(path / name)}" for name in names)


def combined(parts: Iterable[str]) -> str:
    """One digest of several."""
    return "sha256:" + hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _counts(file: Path, root: Path) -> bool:
    parents = file.relative_to(root).parts[:-1]
    hidden = any(part.startswith(".") or part in SKIPPED for part in parents)
    return file.suffix in SUFFIXES and not hidden and file.is_file()


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
