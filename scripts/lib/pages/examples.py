"""What stands beside the specs of each example: its lock, and its objects in its production environment."""

import asyncio
import tempfile
from pathlib import Path

from flowscale_runtime.pinning import pin
from flowscale_specs import load, resolve
from flowscale_specs.releases import render_lock
from flowscale_stacks.reading import Source, read, render_objects

ENVIRONMENT = "production"


def lock(example: Path) -> str:
    """What `flowscale pin` writes: the digests change with the nodes that come with FlowScale."""
    project = resolve(load(example), None)
    with tempfile.TemporaryDirectory() as data:
        made, _ = asyncio.run(pin(example, Path(data), project))
    return render_lock(made)


def objects(example: Path) -> str:
    """What `flowscale plan --yaml` prints, with the lock as it is on disk. Raises SpecErrors and NotDeployable."""
    head = f"# Made by `scripts/check --fix generated`: what `flowscale up {example.name} -e {ENVIRONMENT}` applies.\n"
    return head + render_objects(read(Source(folder=example, environment=ENVIRONMENT)).objects)
