"""What a workflow is called: in the editor a path, in specs a name of small letters, in the folder a place."""

import re
from pathlib import PurePosixPath

from flowscale_runtime.repository.errors import BadName

FOLDER = "workflows"
SOURCE, SPEC = "workflow.json", "flowscale.yaml"
_UNFIT = re.compile(r"[^a-z0-9]+")
LONGEST = 63


def checked(name: str) -> str:
    """A name that stays in the folder. Raises BadName."""
    parts = PurePosixPath(name).parts
    bad = not parts or "\0" in name or "\\" in name or name.startswith("/")
    if bad or any(part in {".", ".."} or part.startswith(".") for part in parts):
        raise BadName(f"{name!r} can't be the name of a workflow")
    return "/".join(parts)


def document(name: str) -> str:
    """The name of its spec."""
    found = _UNFIT.sub("-", name.lower()).strip("-")[:LONGEST].strip("-")
    return found if found and found[0].isalpha() else f"workflow-{found}".rstrip("-")[:LONGEST]


def spec(name: str) -> str:
    """The spec of a workflow that was saved for the first time."""
    return (
        "apiVersion: flowscale.ai/v1\nkind: Workflow\n"
        f"metadata: {{name: {document(name)}}}\nspec: {{source: {SOURCE}}}\n"
    )


def deployment(name: str) -> str:
    """What serves it."""
    called = document(name)
    return (
        "---\napiVersion: flowscale.ai/v1\nkind: WorkflowDeployment\n"
        f"metadata: {{name: {called}}}\nspec: {{workflow: {called}}}\n"
    )
