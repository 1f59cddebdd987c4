"""Workflow files as verbs read them: any form, and the executable form of each."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowscale_cli.errors import SpecsWrong, UsageError

if TYPE_CHECKING:
    from flowscale_workflows.formats import WorkflowFile
    from flowscale_workflows.graphs import ApiGraph


def opened(path: Path) -> "WorkflowFile":
    """The workflow in a file. Raises UsageError or SpecsWrong."""
    from flowscale_workflows.errors import WorkflowError
    from flowscale_workflows.formats import read

    try:
        return read(path.read_bytes(), str(path))
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}") from error
    except WorkflowError as error:
        raise SpecsWrong(str(error)) from error


def executable(file: "WorkflowFile", definitions: dict[str, Any]) -> "ApiGraph":
    """The executable form. Raises SpecsWrong."""
    from flowscale_workflows.conversion import to_api
    from flowscale_workflows.errors import WorkflowError

    try:
        return file.graph if file.graph is not None else to_api(file.ui or {}, definitions)
    except WorkflowError as error:
        raise SpecsWrong(f"{file.name}: {error}") from error


def kept(path: Path, workflow: Any) -> None:
    """Writes a workflow as the repository keeps it. Raises UsageError."""
    try:
        path.write_text(json.dumps(workflow, indent=2, ensure_ascii=False) + "\n")
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}") from error


def needs(extra: str, error: ImportError) -> UsageError:
    """What to say where an optional library is missing."""
    return UsageError(f"this needs {error.name}: pip install 'flowscale-platform[{extra}]'")
