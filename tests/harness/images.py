"""Builds the platform's images for tests, without a registry; Containerfiles under images/ are what users build."""

import json
import subprocess
import sys
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

from harness import layers
from harness.archives import write_archive

PYTHON = ("python3", "ca-certificates", "libpython3.11")
NOBODY = "65532:65532"


@dataclass(frozen=True)
class Recipe:
    """What an image is made of: Debian packages, extras of the platform, and how it starts."""

    name: str
    extras: tuple[str, ...]
    command: tuple[str, ...]


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("gateway", ("gateway",), ("gateway", "--resources")),
        Recipe("executor", ("gateway", "executor"), ("worker",)),
        Recipe("controllers", ("controllers",), ("controllers",)),
    )
}


@dataclass(frozen=True)
class Built:
    """An image as layers on disk. Its name holds its content's digest, so a name never means two things."""

    name: str
    layers: tuple[Path, ...]
    config: Mapping[str, Any]

    @property
    def size(self) -> int:
        return sum(layer.stat().st_size for layer in self.layers)

    def archive(self) -> Path:
        """The image in one file, for a cluster elsewhere."""
        kept = f"{self.name.rpartition('/')[2].replace(':', '-')}.oci.tar"
        return layers.kept(kept, lambda path: self.write(path))

    def write(self, path: Path, present: Container[str] = frozenset()) -> None:
        """Writes the archive, without the layers that are `present` where it goes."""
        write_archive(path, self.name, self.layers, self.config, present)


def built(name: str, parts: Sequence[Path], config: Mapping[str, Any]) -> Built:
    """The image of these layers, named."""
    return Built(f"flowscale.test/{name}:{layers.together(parts, config)}", tuple(parts), config)


def build(recipe: Recipe, *own: Path) -> Built:
    """Makes the layers of an image, or finds them where nothing has changed. `own` are further layers."""
    found = layers.closure(recipe.extras)
    heavy = {each.name for each in layers.closure_of("torch")} if "executor" in recipe.extras else set()
    parts = [
        layers.debian(*PYTHON),
        *([layers.packages(each for each in found if each.name in heavy)] if heavy else ()),
        layers.packages(each for each in found if each.name not in heavy),
        layers.text("opt/flowscale/sbom.json", bill_of_materials(recipe.name, found)),
        layers.code(),
        *own,
    ]
    return built(recipe.name, parts, configuration(recipe))


def bill_of_materials(image: str, found: Iterable[Distribution]) -> str:
    """The packages in an image, as CycloneDX."""
    pins = [f"{each.name}=={each.version}" for each in found]
    command = [sys.executable, str(layers.ROOT / "scripts/lib/sbom.py"), image, *pins]
    return subprocess.check_output(command, text=True)


def configuration(recipe: Recipe) -> Mapping[str, Any]:
    """How containers of the image run: as nobody, with nothing to write but /tmp."""
    return {
        "User": NOBODY,
        "WorkingDir": "/tmp",
        "Entrypoint": ["flowscale"],
        "Cmd": list(recipe.command),
        "Env": [
            "PATH=/usr/local/bin:/usr/bin:/bin",
            f"PYTHONPATH=/{layers.LIBRARIES}",
            "PYTHONDONTWRITEBYTECODE=1",
            "PYTHONUNBUFFERED=1",
            "HOME=/tmp",
            f"FLOWSCALE_CUSTOM_NODES=/{layers.WORKFLOW}/custom_nodes",
            f"FLOWSCALE_MODELS=/{layers.WORKFLOW}/models",
        ],
    }


def main(names: list[str]) -> None:
    """Builds images and prints a line of JSON for each."""
    for name in names or RECIPES:
        image = build(RECIPES[name])
        line = {"image": name, "name": image.name, "archive": str(image.archive()), "bytes": image.size}
        sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
