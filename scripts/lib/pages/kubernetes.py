"""The objects of each example in its production environment, beside its specs."""

from pathlib import Path

from flowscale_stacks.reading import Source, read, render_objects

ENVIRONMENT = "production"


def golden(example: Path) -> str:
    """What `flowscale plan --yaml` prints for an example. Raises SpecErrors and NotDeployable."""
    head = f"# Made by `scripts/check --fix generated`: what `flowscale up {example.name} -e {ENVIRONMENT}` applies.\n"
    return head + render_objects(read(Source(folder=example, environment=ENVIRONMENT)).objects)
