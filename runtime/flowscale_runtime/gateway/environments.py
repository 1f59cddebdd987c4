"""Environments from folders: which custom nodes and models a workflow's hosts load, and a name by their content."""

import hashlib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from flowscale_runtime.engines.values import Environment

_CODE = {".py", ".toml", ".txt", ".json", ".js", ".yaml"}


def of_folder(folder: Path) -> Environment:
    """The environment of workflows whose spec lies in `folder`; its name changes with any code or model in it."""
    custom_nodes = tuple(path for path in [folder / "custom_nodes"] if path.is_dir())
    models = tuple(path for path in [folder / "models"] if path.is_dir())
    hashed = hashlib.sha256(version("flowscale-platform").encode())
    for path in _files(custom_nodes):
        if path.suffix in _CODE:
            hashed.update(f"{path}\0".encode() + path.read_bytes())
    for path in _files(models):
        hashed.update(f"{path}\0{path.stat().st_size}\0".encode())
    return Environment(f"env-{hashed.hexdigest()[:16]}", custom_nodes, models)


def _files(roots: tuple[Path, ...]) -> Iterator[Path]:
    for root in roots:
        yield from sorted(
            path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts
        )
