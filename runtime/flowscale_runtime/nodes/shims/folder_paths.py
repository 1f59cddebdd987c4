"""ComfyUI's `folder_paths`: where inputs, outputs and models are, for packs that ask by its names."""

from __future__ import annotations

import mimetypes
import os
from pathlib import Path
from typing import Any

from flowscale_runtime.nodes import folders, saving
from flowscale_runtime.nodes.errors import FileProblem

supported_pt_extensions: set[str] = {".ckpt", ".pt", ".pt2", ".bin", ".pth", ".safetensors", ".pkl", ".sft"}
folder_names_and_paths: dict[str, tuple[list[str], set[str]]] = {}
"""Folders that packs add, by kind, with the endings of their files."""

_OLD_NAMES = {"unet": "diffusion_models", "clip": "text_encoders"}
_FOLDERS = {
    "input_directory": "input",
    "output_directory": "output",
    "temp_directory": "temp",
}


def __getattr__(name: str) -> Any:
    """The folders as attributes: they belong to the run, so they are looked up each time."""
    if name in _FOLDERS:
        return str(folders.current().place(_FOLDERS[name]))
    if name == "user_directory":
        return get_user_directory()
    if name in {"models_dir", "base_path"}:
        models = [path for paths in folders.current().models.values() for path in paths]
        first = models[0].parent if models else folders.current().user / "models"
        return str(first if name == "models_dir" else first.parent)
    raise AttributeError(f"folder_paths has no {name!r} here")


def get_input_directory() -> str:
    """The folder of files that a run was given."""
    return str(folders.current().input)


def get_output_directory() -> str:
    """The folder of files that a run keeps."""
    return str(folders.current().output)


def get_temp_directory() -> str:
    """The folder of files that a run only shows."""
    return str(folders.current().temp)


def get_user_directory() -> str:
    """The folder of settings."""
    return str(folders.current().user)


def get_directory_by_type(type_name: str) -> str | None:
    """The folder called input, output or temp."""
    return str(folders.current().place(type_name)) if type_name in folders.PLACES else None


def annotated_filepath(name: str) -> tuple[str, str | None]:
    """`cat.png [output]` as a name and its folder; the folder is None where none is named."""
    for place in folders.PLACES:
        if name.endswith(f"[{place}]"):
            return name[: -len(place) - 2].rstrip(), get_directory_by_type(place)
    return name, None


def get_annotated_filepath(name: str, default_dir: str | None = None) -> str:
    """The path of a file by a widget's name. Raises FileProblem where it leads out of its folder."""
    plain, folder = annotated_filepath(name)
    return str(folders.inside(Path(folder or default_dir or get_input_directory()), plain))


def exists_annotated_filepath(name: str) -> bool:
    """Whether there is such a file."""
    try:
        return Path(get_annotated_filepath(name)).exists()
    except FileProblem:
        return False


def add_model_folder_path(folder_name: str, full_folder_path: str, is_default: bool = False) -> None:
    """Adds a folder for a kind of models; a default one is looked into first."""
    paths, _ = folder_names_and_paths.setdefault(map_legacy(folder_name), ([], supported_pt_extensions))
    if full_folder_path in paths:
        paths.remove(full_folder_path)
    paths.insert(0 if is_default else len(paths), full_folder_path)


def map_legacy(folder_name: str) -> str:
    """Today's name of a kind."""
    return _OLD_NAMES.get(folder_name, folder_name)


def get_folder_paths(folder_name: str) -> list[str]:
    """The folders of a kind of models: those that packs added, then the deployment's."""
    kind = map_legacy(folder_name)
    added = folder_names_and_paths.get(kind, ([], set()))[0]
    own = [str(path) for path in folders.current().models.get(kind, ())]
    return list(dict.fromkeys([*added, *own]))


def get_filename_list(folder_name: str) -> list[str]:
    """The models of a kind, by their names relative to its folders."""
    kind = map_legacy(folder_name)
    endings = folder_names_and_paths.get(kind, ([], supported_pt_extensions))[1]
    found: set[str] = set()
    for folder in get_folder_paths(kind):
        found.update(filter_files_extensions(recursive_search(folder)[0], endings))
    return sorted(found)


def get_full_path(folder_name: str, filename: str) -> str | None:
    """The path of a model, or None."""
    for folder in get_folder_paths(folder_name):
        path = folders.inside(Path(folder), filename)
        if path.is_file():
            return str(path)
    return None


def get_full_path_or_raise(folder_name: str, filename: str) -> str:
    """The path of a model. Raises FileNotFoundError."""
    if (path := get_full_path(folder_name, filename)) is None:
        raise FileNotFoundError(f"no model {filename!r} in the {folder_name} folders")
    return path


def recursive_search(
    directory: str, excluded_dir_names: list[str] | None = None
) -> tuple[list[str], dict[str, float]]:
    """All files below a folder by their relative names, and its folders with their times."""
    files: list[str] = []
    seen: dict[str, float] = {}
    excluded = set(excluded_dir_names or ())
    for parent, below, names in os.walk(directory, followlinks=True):
        below[:] = [name for name in below if name not in excluded]
        seen[parent] = Path(parent).stat().st_mtime
        files.extend(os.path.relpath(Path(parent, name), directory) for name in names)
    return files, seen


def filter_files_extensions(files: Any, extensions: Any) -> list[str]:
    """Those that end in one of the endings (all where there are none), sorted."""
    endings = tuple(extensions)
    return sorted(name for name in files if not endings or Path(name).suffix.lower() in endings)


def filter_files_content_types(files: list[str], content_types: list[str]) -> list[str]:
    """Those of a kind such as `image`, `video`, `audio` or `model`, by their endings."""
    return [name for name in files if _content(name) in content_types]


def _content(name: str) -> str:
    return (mimetypes.guess_type(name)[0] or "").partition("/")[0]


def get_save_image_path(
    filename_prefix: str, output_dir: str, image_width: int = 0, image_height: int = 0
) -> tuple[str, str, int, str, str]:
    """Where a file of this prefix goes: folder, name, number, subfolder, and the prefix with its tokens filled in."""
    place = next(
        (name for name in folders.PLACES if Path(output_dir) == folders.current().place(name)), "output"
    )
    target = saving.destination(filename_prefix, place=place, width=image_width, height=image_height)
    folder = target.root / target.subfolder
    prefix = f"{target.subfolder}/{target.name}" if target.subfolder else target.name
    return str(folder), target.name, target.counter, target.subfolder, prefix
