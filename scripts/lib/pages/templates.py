"""docs/reference/templates.md: which of ComfyUI's shipped templates run here, and which node classes the others lack."""

import json
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from flowscale_runtime.nodes import packs
from flowscale_workflows.conversion import to_api

PACKAGE = "comfyui_workflow_templates_json"
WANTED = 60


def page() -> str:
    """Counts, the templates that run, and the classes that most others wait for."""
    definitions = packs.load().definitions
    missing = {name: lacking(ui, definitions) for name, ui in shipped().items()}
    whole = [name for name, classes in missing.items() if not classes]
    one = sum(len(classes) == 1 for classes in missing.values())
    wanted = Counter(name for classes in missing.values() for name in classes)
    most = sorted(wanted.items(), key=lambda item: (-item[1], item[0]))[:WANTED]
    rows = [f"| `{name}` | {number} |" for name, number in most]
    return "\n".join(
        [
            "<!-- Made by `scripts/check --fix generated`, from the package of templates that the lock names. -->",
            "",
            "# ComfyUI's templates",
            "",
            f"Of the {len(missing)} workflows that ComfyUI ships, all convert to the executable form. {len(whole)} need no class that isn't",
            f"[here](nodes.md), {one} lack a single one. Most of the classes that are missing load and sample weights of ComfyUI's own, or call a",
            "vendor's API: packs bring them.",
            "",
            "## What runs with what is here",
            "",
            *(f"- `{name}`" for name in whole),
            "",
            "## What the others lack",
            "",
            f"The {WANTED} classes that are missing from most.",
            "",
            "| class | templates |",
            "|---|---:|",
            *rows,
            "",
        ]
    )


def shipped() -> dict[str, dict[str, Any]]:
    """The templates by name, without the indexes that lie beside them."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{PACKAGE} is not installed: run scripts/setup")
    files = sorted((Path(spec.origin).parent / "templates").glob("*.json"))
    found = {path.stem: json.loads(path.read_bytes()) for path in files}
    return {name: data for name, data in found.items() if isinstance(data, dict) and "nodes" in data}


def lacking(ui: dict[str, Any], definitions: Any) -> set[str]:
    """The classes of a workflow that nothing here defines; one without any node lacks itself."""
    graph = to_api(ui, definitions)
    return {node["class_type"] for node in graph.values()} - set(definitions) if graph else {"(empty)"}
