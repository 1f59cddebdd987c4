"""Node definitions of a ComfyUI server, saved beside a spec: what a build needs to know, without asking the server."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from flowscale_workflows.errors import WorkflowError

NAME = "object_info.json"
MOST = 64 * 2**20  # bytes


def read(folder: Path) -> dict[str, Any] | None:
    """The definitions that a folder holds, if any. Raises WorkflowError where they can't be read."""
    path = folder / NAME
    if not path.is_file():
        return None
    return parse(path.read_bytes(), str(path))


def parse(data: bytes, where: str) -> dict[str, Any]:
    """Definitions as `GET /object_info` gives them. Raises WorkflowError."""
    if len(data) > MOST:
        raise WorkflowError(f"{where} is larger than {MOST >> 20} MiB")
    try:
        found = orjson.loads(data)
    except ValueError as error:
        raise WorkflowError(f"{where} is no JSON: {error}") from error
    classes = found.values() if isinstance(found, dict) else [None]
    if not all(isinstance(one, dict) and isinstance(one.get("input"), dict) for one in classes):
        raise WorkflowError(
            f"{where} isn't what GET /object_info of a ComfyUI answers: classes by name, with `input`"
        )
    return {name: settled(one) for name, one in found.items()}


def settled(definition: Mapping[str, Any]) -> dict[str, Any]:
    """A definition without the names of files that happen to lie in the server's input folder."""
    sections = {
        section: {name: _settled(spec) for name, spec in inputs.items()}
        if isinstance(inputs, Mapping)
        else inputs
        for section, inputs in definition["input"].items()
    }
    return {**definition, "input": sections}


def _settled(spec: Any) -> Any:
    if not isinstance(spec, list) or len(spec) < 2 or not isinstance(spec[1], dict):
        return spec
    if not any(key.endswith("_upload") and on for key, on in spec[1].items()):
        return spec
    kind = [] if isinstance(spec[0], list) else spec[0]
    options = {**spec[1], "options": []} if "options" in spec[1] else spec[1]
    return [kind, options, *spec[2:]]


def written(definitions: Mapping[str, Any]) -> bytes:
    """The file's text: a class a line, sorted, so that git shows which ones change."""
    lines = [
        orjson.dumps(name) + b": " + orjson.dumps(definitions[name], option=orjson.OPT_SORT_KEYS)
        for name in sorted(definitions)
    ]
    return b"{\n" + b",\n".join(lines) + b"\n}\n"


def digests(definitions: Mapping[str, Any]) -> dict[str, str]:
    """What stands for the code of each class, which a server doesn't tell: what it declares."""
    return {
        name: f"sha256:{hashlib.sha256(orjson.dumps(one, option=orjson.OPT_SORT_KEYS)).hexdigest()}"
        for name, one in definitions.items()
    }
