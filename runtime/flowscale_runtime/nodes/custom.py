"""Packs in a `custom_nodes` folder: which there are, how they start, and what may be wrong with them."""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import runpy
import sys
import tomllib
import traceback
from types import ModuleType
from typing import TYPE_CHECKING

from flowscale_runtime.nodes.errors import NodesError, NoExtension

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PARENT = "custom_nodes"
PRESTART = "prestartup_script.py"
NO_NODES = "a pack is a module that has NODE_CLASS_MAPPINGS, a dict of classes by name, or comfy_entrypoint"


def entries(folder: Path) -> Iterator[Path]:
    """The packs of a folder by name: folders with an `__init__.py`, and single files."""
    for path in sorted(folder.iterdir() if folder.is_dir() else ()):
        if path.name.startswith((".", "__")) or path.name.endswith(".disabled"):
            continue
        if path.suffix == ".py" or (path / "__init__.py").is_file():
            yield path


def prestart(entry: Path) -> BaseException | None:
    """Run the pack's early script, if it has one; what it raises is returned."""
    script = entry / PRESTART
    if not script.is_file():
        return None
    try:
        runpy.run_path(str(script), run_name=f"{PARENT}.{entry.stem}.prestartup")
    except (Exception, SystemExit) as error:  # noqa: BLE001  # packs run any code; theirs must not end ours
        return error
    return None


def load(entry: Path) -> ModuleType:
    """Import a pack as `custom_nodes.NAME`; a failed one leaves nothing behind."""
    _parent()
    name = f"{PARENT}.{entry.stem}"
    path = entry / "__init__.py" if entry.is_dir() else entry
    spec = importlib.util.spec_from_file_location(
        name, path, submodule_search_locations=[str(entry)] if entry.is_dir() else None
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} can't be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        for loaded in [key for key in sys.modules if key == name or key.startswith(name + ".")]:
            del sys.modules[loaded]
        raise
    return module


def extension(module: ModuleType) -> dict[str, type]:
    """The classes that a pack's `comfy_entrypoint` gives, by their ids."""
    return asyncio.run(_extension(module))


async def _extension(module: ModuleType) -> dict[str, type]:
    made = module.comfy_entrypoint()
    given = await made if inspect.isawaitable(made) else made
    if not hasattr(given, "get_node_list"):
        raise NoExtension(
            f"comfy_entrypoint gave {type(given).__name__}", "comfy_entrypoint is to give a ComfyExtension"
        )
    await given.on_load()
    return {cls.GET_SCHEMA().node_id: cls for cls in await given.get_node_list()}


def _parent() -> None:
    if PARENT not in sys.modules:
        package = ModuleType(PARENT)
        package.__path__ = []
        sys.modules[PARENT] = package


def web_folder(entry: Path, module: ModuleType) -> Path | None:
    """The folder of scripts that a pack brings for browsers, if it exists inside the pack."""
    name = getattr(module, "WEB_DIRECTORY", None) or _declared_web(entry)
    if not isinstance(name, str) or not entry.is_dir():
        return None
    folder = (entry / name).resolve()
    return folder if folder.is_dir() and folder.is_relative_to(entry.resolve()) else None


def _declared_web(entry: Path) -> str | None:
    project = entry / "pyproject.toml"
    if not project.is_file():
        return None
    try:
        declared = tomllib.loads(project.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return None  # the pack works without it
    web = declared.get("tool", {}).get("comfy", {}).get("web")
    return web if isinstance(web, str) else None


def hint(error: BaseException) -> str:
    """What to do about a pack that failed to load."""
    match error:
        case NodesError(hint=said) if said:
            return said
        case ModuleNotFoundError(name=str(name)) if name.split(".")[0] in {
            "comfy",
            "comfy_api",
            "comfy_extras",
        }:
            return "the pack needs ComfyUI itself: name a checkout of it in FLOWSCALE_COMFYUI"
        case ModuleNotFoundError(name=str(name)):
            return f"install {name.split('.')[0]} (see the pack's requirements.txt) into the workers' environment"
        case ImportError():
            return "a library of the workers' environment is too old or too new for the pack: see its requirements.txt"
        case SyntaxError():
            return f"the pack doesn't parse under Python {sys.version_info.major}.{sys.version_info.minor}: update it"
        case SystemExit():
            return "the pack tried to end the process: report it to its author"
        case _:
            return (
                "see the traceback; update the pack, or leave it out by renaming its folder to NAME.disabled"
            )


def shown(error: BaseException) -> str:
    """The traceback of an error as text."""
    return "".join(traceback.format_exception(error))
