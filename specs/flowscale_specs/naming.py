"""The names of documents: those that authors give, and those that are found where they leave them out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from flowscale_specs.documents import Entry
from flowscale_specs.kinds import GpuType, Project, Workflow, WorkflowDeployment
from flowscale_specs.reading import Map, place
from flowscale_specs.translating import fault

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from flowscale_specs.errors import SpecError
    from flowscale_specs.kinds import Document

_GENERIC = frozenset({"", "workflow", "workflow_api", "workflow-api", "api", "index", "main", "prompt"})
_NOT_IN_NAMES = re.compile(r"[^a-z0-9.-]+")
_STEPS = ("metadata", "name")


class Valid(NamedTuple):
    """A document that is valid for itself and has no name yet."""

    written: Map
    document: Document
    path: Path
    root: Path


def named(valid: Iterable[Valid], errors: list[SpecError]) -> list[Entry[Document]]:
    """Documents with their names; a second one of the same kind and name is an error."""
    valid = list(valid)
    workflows = {_name(item) for item in valid if isinstance(item.document, Workflow)}
    entries: dict[tuple[str, str], Entry[Document]] = {}
    for item in valid:
        name = _name(item, workflows)
        key = item.document.kind, name
        faults = list(_faults(item, name, entries.get(key)))
        errors.extend(faults)
        if not faults:
            entries[key] = Entry(*key, item.written, item.document, item.path, item.root)
    return list(entries.values())


def _name(item: Valid, workflows: Collection[str] = ()) -> str:
    """The name that a document has or takes; "" if there is nothing to take it from."""
    document = item.document
    if document.name:
        return document.name
    if isinstance(document, Project):
        return "default"
    if isinstance(document, Workflow):
        return _from_file(document, item.path)
    if isinstance(document, WorkflowDeployment):
        return document.spec.workflow or (next(iter(workflows)) if len(workflows) == 1 else "")
    return ""


def _faults(item: Valid, name: str, first: Entry[Document] | None) -> Iterator[SpecError]:
    where = place(item.written, _STEPS)
    if not name:
        yield fault(where, _STEPS, "is missing", "write metadata: {name: ...}")
    elif first is not None:
        there = place(first.written, _STEPS)
        message = f"there are two documents {item.document.kind} {name}"
        yield fault(where, _STEPS, message, f"the first is at {there.path}:{there.line}")
    elif name != name.lower() and not isinstance(item.document, GpuType):
        yield fault(where, _STEPS, "a name has no capital letters", f"write {name.lower()}")


def _from_file(workflow: Workflow, path: Path) -> str:
    """The name of the workflow file, or that of the folder if the file's says nothing."""
    file = workflow.spec.source.path or workflow.spec.source.url or ""
    stem = file.rstrip("/").rpartition("/")[2].partition(".")[0]
    return _as_name(path.absolute().parent.name if stem.lower() in _GENERIC else stem)


def _as_name(text: str) -> str:
    return _NOT_IN_NAMES.sub("-", text.lower()).strip("-.")[:63].strip("-.")
