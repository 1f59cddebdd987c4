"""Copied as `model.py` beside each model: leads Triton's Python process to our packages, then to the model's class.

The process looks at no PYTHONPATH and at no virtual environment, and imports numpy right after this file: so
`packages.json` beside it names the folders of packages. The model's configuration names its class as `module:Class`.
"""

import importlib
import json
import site
import sys
from pathlib import Path
from typing import Any


def prefer(folders: list[str]) -> None:
    """Packages are imported from these folders before all others."""
    known = list(sys.path)
    for folder in folders:
        site.addsitedir(folder)
    sys.path[:] = [path for path in sys.path if path not in known] + known


class TritonPythonModel:
    """What Triton's Python backend calls."""

    def initialize(self, args: dict[str, str]) -> None:
        """Makes the model that does the work."""
        given = json.loads(args["model_config"])["parameters"]
        parameters = {key: value["string_value"] for key, value in given.items()}
        module, _, name = parameters["serves"].partition(":")
        made = getattr(importlib.import_module(module), name)
        self._model = made(args, parameters)

    def execute(self, requests: list[Any]) -> Any:
        """Answers a batch of requests."""
        return self._model.execute(requests)

    def finalize(self) -> None:
        """The model is unloaded."""
        self._model.finalize()


if (_packages := Path(__file__).with_name("packages.json")).is_file():
    prefer(json.loads(_packages.read_text()))
