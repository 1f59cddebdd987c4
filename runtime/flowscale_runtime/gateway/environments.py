"""Environments from folders: which custom nodes and models a workflow's hosts load, and a name by their content."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from flowscale_runtime.engines.networks.values import Network
from flowscale_runtime.engines.values import Environment

_CODE = {".py", ".toml", ".txt", ".json", ".js", ".yaml"}


def of_folder(folder: Path, root: Path | None = None, networks: tuple[Network, ...] = ()) -> Environment:
    """The environment of workflows whose spec lies in `folder`; its name changes with any code or model in it, and with
    any of the networks that its nodes may call.

    A folder without packs or models of its own has those of the nearest folder above it, up to `root`.
    """
    custom_nodes, models = (_nearest(folder, root or folder, name) for name in ("custom_nodes", "models"))
    hashed = hashlib.sha256(version("flowscale-platform").encode())
    for path in _files(custom_nodes):
        if path.suffix in _CODE:
            hashed.update(f"{path}\0".encode() + path.read_bytes())
    for path in _files(models):
        hashed.update(f"{path}\0{path.stat().st_size}\0".encode())
    for network in networks:
        hashed.update(f"{network.model}\0{network}\0".encode())
    return Environment(f"env-{hashed.hexdigest()[:16]}", custom_nodes, models, networks=networks)


def on_servers(environment: Environment, servers: tuple[str, ...]) -> Environment:
    """The environment where ComfyUI servers compute; the same one where there are none."""
    if not servers:
        return environment
    hashed = hashlib.sha256("\0".join((environment.name, *servers)).encode())
    return replace(environment, name=f"env-{hashed.hexdigest()[:16]}", comfyui=servers)


def with_models(environment: Environment, root: Path) -> Environment:
    """The environment with one more folder of models, whose name says what is in it."""
    hashed = hashlib.sha256(f"{environment.name}\0{root.name}".encode())
    models = (*environment.models, root)
    return replace(environment, name=f"env-{hashed.hexdigest()[:16]}", models=models)


def _nearest(folder: Path, root: Path, name: str) -> tuple[Path, ...]:
    around = [folder, *folder.parents] if folder.is_relative_to(root) else [folder]
    inside = [one / name for one in around if one.is_relative_to(root) or one == folder]
    return next(((path,) for path in inside if path.is_dir()), ())


def _files(roots: tuple[Path, ...]) -> Iterator[Path]:
    for root in roots:
        yield from sorted(
            path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts
        )
