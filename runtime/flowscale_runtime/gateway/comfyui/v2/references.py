"""Assets inside a workflow: each reference becomes the name of a file in the input folder."""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flowscale_runtime.gateway.comfyui.service import Comfy
from flowscale_runtime.gateway.comfyui.v2.content import Found, find
from flowscale_runtime.gateway.comfyui.v2.envelope import MissingAsset

TYPE = "core/ASSET"
FOLDER = "assets"
"""The subfolder of `input` where the files of references lie, by content."""
_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")


async def resolved(comfy: Comfy, project: str, graph: dict[str, Any]) -> dict[str, Any]:
    """The graph with file names where it refers to assets. Raises MissingAsset."""
    names: dict[str, str] = {}
    for reference in references(graph):
        asset_id = asset_of(reference)
        if asset_id not in names:
            found = await find(comfy, project, asset_id)
            if found is None:
                raise MissingAsset(f"There is no asset {asset_id!r}.", id=asset_id)
            names[asset_id] = placed(comfy, found)
    replaced: dict[str, Any] = substituted(graph, names) if names else graph
    return replaced


def references(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every reference in a JSON value."""
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, dict) and one.get("__type") == TYPE:
            yield one
        elif isinstance(one, dict | list):
            pending.extend(one.values() if isinstance(one, dict) else one)


def asset_of(reference: Mapping[str, Any]) -> str:
    """The id that a reference names. Raises MissingAsset."""
    info = reference.get("info")
    asset_id = info.get("id") if isinstance(info, dict) else None
    if not isinstance(asset_id, str) or not asset_id:
        raise MissingAsset("A reference to an asset says no id.", reference=dict(reference))
    return asset_id


def substituted(value: Any, names: Mapping[str, str]) -> Any:
    """The same value with names for references."""
    if isinstance(value, dict):
        if value.get("__type") == TYPE:
            return names[asset_of(value)]
        return {key: substituted(inner, names) for key, inner in value.items()}
    return [substituted(inner, names) for inner in value] if isinstance(value, list) else value


def placed(comfy: Comfy, found: Found) -> str:
    """Lays an asset's bytes into the input folder; what a widget calls them."""
    plain = _PLAIN.sub("_", found.name).lstrip(".")[-100:] or "file"
    name = f"{FOLDER}/{found.object[:32]}/{plain}"
    target = comfy.tree.root / "input" / name
    if not target.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        _lay(comfy.state.objects.path(found.object), target)
    return name


def _lay(source: Path, target: Path) -> None:
    """A link where both are on one disk, else a copy, whole or not at all."""
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    aside.unlink(missing_ok=True)
    try:
        aside.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, aside)
    aside.rename(target)
