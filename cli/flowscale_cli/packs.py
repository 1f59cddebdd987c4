"""Node packs as verbs see them: those that come with the platform, and those of a folder's custom_nodes/."""

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowscale_cli.errors import SpecsWrong
from flowscale_cli.output import warn

if TYPE_CHECKING:
    from flowscale_runtime.nodes.packs import Packs


def load(folder: Path) -> "Packs":
    """Everything that workflows of a folder can use. What a pack prints while it loads goes to stderr."""
    from flowscale_runtime.nodes import packs

    custom = folder / "custom_nodes"
    with redirect_stdout(sys.stderr):
        return packs.load([custom] if custom.is_dir() else [])


def definitions(folder: Path) -> dict[str, Any]:
    """What is known of node classes: those that are here, and those of a ComfyUI server that are saved beside the spec.

    Raises SpecsWrong where what is saved can't be read.
    """
    from flowscale_workflows import saved
    from flowscale_workflows.errors import WorkflowError

    try:
        return {**(saved.read(folder) or {}), **here(folder)}
    except WorkflowError as error:
        raise SpecsWrong(str(error)) from error


def here(folder: Path) -> dict[str, Any]:
    """The definitions of all node classes that this machine has; packs that fail to load are told."""
    found = load(folder)
    for failure in found.failures:
        warn(f"pack {failure.pack}: {failure.message}: {failure.hint}")
    return dict(found.definitions)
