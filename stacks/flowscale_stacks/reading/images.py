"""Which images a stack runs: options before flowscale.lock before those published with this version."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from flowscale_stacks.compile import Images
from flowscale_stacks.reading.errors import NoImages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowscale_specs.releases import Lock

OURS = ("gateway", "executor", "controllers", "jobs")
NAMES = (*OURS, "database", "objects")
REGISTRY = "ghcr.io/flowscale"


def images_of(lock: Lock, given: Mapping[str, str]) -> Images:
    """The images by name. Raises NoImages for a name that there is no image of."""
    if unknown := sorted(set(given) - set(NAMES)):
        raise NoImages(f"there is no image called {unknown[0]!r}: the names are {', '.join(NAMES)}")
    published = {name: f"{REGISTRY}/{name}:{version('flowscale-platform')}" for name in OURS}
    locked = {name: image for name, image in lock.images.items() if name in NAMES}
    chosen: dict[str, Any] = {**published, **locked, **given}
    return Images(**chosen)
