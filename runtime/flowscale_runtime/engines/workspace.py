"""The folders of one host process, and what it is told of them."""

import shutil
from pathlib import Path
from typing import Any

from flowscale_runtime.engines.values import Environment

WRITTEN = ("output", "temp")  # what a job leaves behind
OWN = (*WRITTEN, "user")


class Workspace:
    """A folder of one host's own; `inputs` is shared."""

    def __init__(self, folder: Path, inputs: Path) -> None:
        self.folder, self._inputs = folder, inputs

    def make(self) -> None:
        """Makes the folders."""
        for name in OWN:
            (self.folder / name).mkdir(parents=True, exist_ok=True)

    def clean(self) -> None:
        """Empties the folders that a job wrote into."""
        for name in WRITTEN:
            for path in (self.folder / name).iterdir():
                remove(path)

    def remove(self) -> None:
        """Removes all of it."""
        remove(self.folder)

    def config(self, environment: Environment) -> dict[str, Any]:
        """What a host process starts with."""
        own = environment.own
        return {
            "custom_nodes": [
                str(path) for path in (*environment.custom_nodes, *(own.folders if own else ()))
            ],
            "packages": str(own.packages) if own and own.packages else "",
            "models": [str(path) for path in environment.models],
            "warm": list(environment.warm),
            "networks": [network.to_json() for network in environment.networks],
            "input": str(self._inputs),
        } | {name: str(self.folder / name) for name in OWN}


def remove(path: Path) -> None:
    """Removes a file, or a folder with what is in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
