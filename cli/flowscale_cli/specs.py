"""Reading a folder of specs for a verb: every error is printed, with file, line and column."""

from pathlib import Path
from typing import TYPE_CHECKING

from flowscale_cli.errors import SpecsWrong, UsageError
from flowscale_cli.output import say

if TYPE_CHECKING:
    from flowscale_specs import Documents, ResolvedProject


def read(folder: Path, environment: str | None) -> "tuple[Documents, ResolvedProject]":
    """The documents below a folder and what they mean. Raises SpecsWrong after printing what is wrong."""
    from flowscale_specs import SpecErrors, load, resolve

    if not folder.exists():
        raise UsageError(f"there is no folder {folder}")
    try:
        documents = load(folder)
        return documents, resolve(documents, environment)
    except SpecErrors as errors:
        for error in errors.errors:
            say(str(error))
        count = len(errors.errors)
        raise SpecsWrong(f"{count} error{'s' if count > 1 else ''} in {folder}") from errors
