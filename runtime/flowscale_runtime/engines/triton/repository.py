"""The model repository: a folder for each model, written whole before Triton is asked to load it."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from tritonclient.grpc.model_config_pb2 import ModelConfig as Config

from flowscale_runtime.engines.triton import backend
from flowscale_runtime.engines.triton.configs import text
from flowscale_runtime.engines.triton.packages import folders_of_packages

VERSION = "1"


class Repository:
    """The folder that a server loads models from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, config: Config, files: Mapping[str, Path] | None = None) -> None:
        """Writes a model: its configuration, links to its files by name, and for the Python backend what leads to us.

        Triton looks at a model only when it is loaded, so that nobody sees half of it.
        """
        model = self.folder / config.name
        version = model / VERSION
        version.mkdir(parents=True, exist_ok=True)
        (model / "config.pbtxt").write_text(text(config))
        if config.backend == "python":
            shutil.copyfile(backend.__file__, version / "model.py")
            (version / "packages.json").write_text(json.dumps(folders_of_packages()))
        for name, file in (files or {}).items():
            (version / name).symlink_to(file.resolve())

    def remove(self, name: str) -> None:
        """Forgets a model that was unloaded."""
        shutil.rmtree(self.folder / name, ignore_errors=True)
