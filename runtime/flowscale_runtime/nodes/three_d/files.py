"""3D files, passed through as they are: loaded, shown and saved by name and extension."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowscale_runtime.nodes import folders, images, saving
from flowscale_runtime.nodes.declare import IMAGE, Node, Spec, choice, fields, integer, socket, text
from flowscale_runtime.nodes.errors import BadMedia
from flowscale_runtime.nodes.lazy import torch

if TYPE_CHECKING:
    from typing import IO

SUFFIXES = (
    *(".glb", ".gltf", ".obj", ".fbx", ".stl", ".usdz", ".ply", ".splat", ".spz", ".ksplat"),
    *(".dae", ".3mf", ".usd", ".off"),
)
KINDS = ",".join(
    f"FILE_3D{end}"
    for end in ("", "_GLB", "_GLTF", "_OBJ", "_FBX", "_STL", "_USDZ", "_PLY", "_SPLAT", "_SPZ")
)
CATEGORY = "3d"


@dataclass(frozen=True)
class File3D:
    """What FILE_3D links carry."""

    path: Path

    @property
    def format(self) -> str:
        return self.path.suffix.removeprefix(".").lower()

    def get_source(self) -> str:
        return str(self.path)

    def save_to(self, path: str | Path) -> Path:
        return Path(shutil.copyfile(self.path, path))

    def get_data(self) -> IO[bytes]:
        return self.path.open("rb")


def opened(path: Path) -> File3D:
    """A 3D file; other files are refused by their extension."""
    if path.suffix.lower() not in SUFFIXES:
        raise BadMedia(f"{path.name} is no 3D file", f"use one of {', '.join(SUFFIXES)}")
    return File3D(path)


def model_choice() -> Spec:
    """An upload widget over the 3D files of the input folder."""
    return choice(folders.choices(SUFFIXES), file_upload=True)


def save_file(model: str | Path | File3D, start: str) -> saving.Entry:
    """Copy a 3D file to the output folder under a new name."""
    source = model if isinstance(model, File3D) else opened(folders.current().path(str(model)))
    target = saving.destination(start)
    path = target.path(source.format)
    source.save_to(path)
    return target.entry(path)


class SaveGLB(Node):
    """Save a 3D file in the format that it has."""

    TITLE = "Save 3D Model"
    CATEGORY = CATEGORY
    OUTPUT_NODE = True
    REQUIRED = fields(mesh=socket(KINDS), filename_prefix=text("3d/ComfyUI"))

    def run(self, mesh: File3D, filename_prefix: str = "3d/ComfyUI") -> dict[str, Any]:
        return {"ui": {"3d": [save_file(mesh, filename_prefix)]}}


class Load3D(Node):
    """Load a 3D file; the pictures are those that the editor's viewer took, black where there was none."""

    TITLE = "Load 3D & Animation"
    CATEGORY = CATEGORY
    REQUIRED = fields(
        model_file=lambda: choice(folders.choices(SUFFIXES), file_upload=True),
        image=("LOAD_3D", {}),
        width=integer(1024, 1, 4096),
        height=integer(1024, 1, 4096),
    )
    RETURN_TYPES = ("IMAGE", "MASK", "STRING", "IMAGE", "LOAD3D_CAMERA", "VIDEO", "FILE_3D")
    RETURN_NAMES = ("image", "mask", "mesh_path", "normal", "camera_info", "recording_video", "model_3d")

    def run(
        self, model_file: str, width: int = 1024, height: int = 1024, image: Any = None
    ) -> tuple[Any, ...]:
        views = image if isinstance(image, Mapping) else {}
        picture, mask = _view(views.get("image"), width, height)
        normal, _ = _view(views.get("normal"), width, height)
        model = opened(folders.current().file(model_file)) if model_file not in {"", "none"} else None
        return picture, mask, model_file, normal, views.get("camera_info"), None, model

    @classmethod
    def VALIDATE_INPUTS(cls, model_file: str, image: Any = None) -> bool | str:
        return model_file in {"", "none"} or folders.check_file(model_file)


def _view(name: Any, width: int, height: int) -> tuple[torch.Tensor, torch.Tensor]:
    if not isinstance(name, str) or not name:
        return torch.zeros(1, height, width, 3), torch.zeros(1, height, width)
    loaded = images.load(folders.current().file(name))
    return loaded.image, loaded.mask


class Preview3D(Node):
    """Show a 3D file in the editor."""

    TITLE = "Preview 3D & Animation"
    CATEGORY = CATEGORY
    OUTPUT_NODE = True
    REQUIRED = fields(
        model_file=("STRING," + KINDS, {"default": "", "multiline": False, "widgetType": "STRING"})
    )
    OPTIONAL = fields(camera_info=socket("LOAD3D_CAMERA"), bg_image=IMAGE)

    def run(self, model_file: str | File3D, camera_info: Any = None, bg_image: Any = None) -> dict[str, Any]:
        name = _named(model_file)
        return {"ui": {"result": [name, camera_info, None]}}


def _named(model: str | File3D) -> str:
    """The name by which an editor can view a file."""
    path = model.path if isinstance(model, File3D) else folders.current().path(model)
    current = folders.current()
    for place in folders.PLACES:
        root = current.place(place).resolve()
        if path.resolve().is_relative_to(root):
            return f"{path.resolve().relative_to(root).as_posix()} [{place}]"
    return path.name
