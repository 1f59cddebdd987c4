"""Builds the platform's images for tests, without a registry; Containerfiles under images/ are what users build."""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
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
    """An image in an archive. Its name holds its content's digest, so a name never means two things."""

    name: str
    archive: Path
    size: int


def build(recipe: Recipe) -> Built:
    """Writes the image's archive, or finds it where nothing has changed."""
    found = layers.closure(recipe.extras)
    heavy = {each.name for each in layers.closure_of("torch")} if "executor" in recipe.extras else set()
    parts = [
        layers.debian(*PYTHON),
        *([layers.packages(each for each in found if each.name in heavy)] if heavy else ()),
        layers.packages(each for each in found if each.name not in heavy),
        layers.code(),
    ]
    name = f"flowscale.test/{recipe.name}:{layers.together(parts, recipe.command)}"
    kept = f"{name.rpartition('/')[2].replace(':', '-')}.oci.tar"
    archive = layers.kept(kept, lambda path: write_image(path, name, parts, recipe, found))
    return Built(name, archive, archive.stat().st_size)


def bill_of_materials(image: str, found: Iterable[Distribution]) -> str:
    """The packages in an image, as CycloneDX."""
    pins = [f"{each.name}=={each.version}" for each in found]
    command = [sys.executable, layers.ROOT / "scripts/lib/sbom.py", image, *pins]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def write_image(
    path: Path, name: str, parts: list[Path], recipe: Recipe, found: Iterable[Distribution]
) -> None:
    """The archive, with the bill of materials in a layer of its own."""
    bill = path.with_suffix(".sbom.tar")
    layers.write_text_layer(bill, "opt/flowscale/sbom.json", bill_of_materials(recipe.name, found))
    try:
        write_archive(path, name, [*parts, bill], configuration(recipe))
    finally:
        bill.unlink()


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
        ],
    }


def main(names: list[str]) -> None:
    """Builds images and prints a line of JSON for each."""
    for name in names or RECIPES:
        built = build(RECIPES[name])
        line = {"image": name, "name": built.name, "archive": str(built.archive), "bytes": built.size}
        sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
