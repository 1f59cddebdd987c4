"""From documents as written to documents as an environment sees them: implied ones, overlays, defaults."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowscale_specs import suggestions
from flowscale_specs.documents import Documents, Entry
from flowscale_specs.errors import SpecError, SpecErrors
from flowscale_specs.kinds import KINDS, Environment, GpuType, Project, Workflow, WorkflowDeployment
from flowscale_specs.kinds.gpu import BUILT_IN
from flowscale_specs.merging import copy, merge
from flowscale_specs.reading import Map, place
from flowscale_specs.reading.places import NOWHERE
from flowscale_specs.validating import validate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flowscale_specs.kinds import Document

_OVERLAID = tuple(kind for kind in KINDS if kind != "Environment")


def for_environment(documents: Documents, name: str | None) -> Documents:
    """All documents with everything merged into them. Raises SpecErrors if the result is not valid."""
    entries = {(entry.kind, entry.name): entry for entry in _with_implied(documents)}
    errors: list[SpecError] = []
    patched = _patched(entries, _environment(documents, name), errors) if name is not None else {}
    patched.update(_with_bases({**{key: entry.written for key, entry in entries.items()}, **patched}))
    for key, changed in patched.items():
        if changed is None:
            del entries[key]
        else:
            _replace(entries, key, changed, errors)
    if errors:
        raise SpecErrors(errors)
    return Documents(entries.values(), documents.files, documents.skipped)


def _environment(documents: Documents, name: str) -> Entry[Environment]:
    found = documents.find(Environment, name)
    if found is None:
        where = documents.files[0] if documents.files else Path()
        hint = suggestions.hint(name, documents.names("Environment").keys())
        raise SpecErrors([SpecError(where, 1, 1, "", f"there is no Environment {name}", hint)])
    return found


def _with_implied(documents: Documents) -> Iterator[Entry[Document]]:
    """The documents, where deployments know their workflow; built-in types; deployments of workflows without one."""
    workflows = documents.of(Workflow)
    only = workflows[0].name if len(workflows) == 1 else None
    served = set()
    for written in documents:
        entry = _with_workflow(written, documents, only)
        if isinstance(entry.document, WorkflowDeployment):
            served.add(entry.document.spec.workflow)
        yield entry
    declared = documents.names(GpuType.__name__)
    yield from (_built_in(name) for name in BUILT_IN if name not in declared)
    for workflow in workflows:
        if workflow.name not in served and documents.find(WorkflowDeployment, workflow.name) is None:
            yield _implied(workflow)


def _with_workflow(entry: Entry[Document], documents: Documents, only: str | None) -> Entry[Document]:
    """The entry; a deployment that names no workflow serves the one of its name, or the only one there is."""
    if not isinstance(entry.document, WorkflowDeployment) or entry.document.spec.workflow is not None:
        return entry
    name = entry.name if documents.find(Workflow, entry.name) else only
    if name is None:
        return entry
    spec = entry.document.spec.model_copy(update={"workflow": name})
    written = merge(entry.written, {"spec": {"workflow": name}})
    return replace(entry, written=written, document=entry.document.model_copy(update={"spec": spec}))


def _implied(workflow: Entry[Workflow]) -> Entry[Document]:
    written = Map(workflow.written.at)
    name = workflow.name
    written.update(kind="WorkflowDeployment", metadata={"name": name}, spec={"workflow": name})
    document = WorkflowDeployment.model_validate(written)
    return Entry("WorkflowDeployment", name, written, document, workflow.path, workflow.root)


def _built_in(name: str) -> Entry[Document]:
    written = Map(NOWHERE)
    written.update(kind=GpuType.__name__, metadata={"name": name}, spec={})
    return Entry(GpuType.__name__, name, written, GpuType.model_validate(written), Path(), Path())


_Key = tuple[str, str]


def _patched(
    entries: Mapping[_Key, Entry[Document]], environment: Entry[Environment], errors: list[SpecError]
) -> dict[_Key, Map | None]:
    """The written forms that an environment's overlay changes; None for documents that it leaves out."""
    result: dict[_Key, Map | None] = {}
    for kind, patches in _overlay(environment.written).items():
        steps = ("spec", "overlay", kind)
        if kind not in _OVERLAID:
            hint = suggestions.hint(kind, _OVERLAID)
            errors.append(environment.fault(steps, f"there is no kind {kind} to overlay", hint, key=True))
            continue
        names = dict.fromkeys(name for of, name in entries if of == kind)
        for pattern in sorted(patches, key=lambda name: name != "*"):
            if pattern != "*" and pattern not in names:
                message, hint = f"there is no {kind} {pattern}", suggestions.hint(pattern, names)
                errors.append(environment.fault((*steps, pattern), message, hint, key=True))
            for name in names if pattern == "*" else [pattern] if pattern in names else []:
                before = result.get((kind, name), entries[kind, name].written)
                result[kind, name] = _patch_spec(before, patches[pattern])
    return result


def _overlay(environment: Map) -> dict[str, Any]:
    """The overlay as it was written: with its places, and with the nulls that leave things out."""
    spec = environment.get("spec") or {}
    return spec.get("overlay") or {}


def _patch_spec(written: Map | None, patch: Any) -> Map | None:
    if written is None or patch is None:
        return None
    patched: Map = copy(written, patch)
    patched["spec"] = merge(written.get("spec"), patch)
    return patched


def _with_bases(written: Mapping[_Key, Map | None]) -> Iterator[tuple[_Key, Map]]:
    """Written forms with what lies beneath them: the project's defaults, the built-in GPU types."""
    defaults = next(
        (_defaults(item) for (kind, _), item in written.items() if kind == Project.__name__), None
    )
    for (kind, name), item in written.items():
        base = BUILT_IN.get(name) if kind == GpuType.__name__ else None
        base = defaults if kind == WorkflowDeployment.__name__ else base
        if item is not None and base:
            changed: Map = copy(item, item)
            changed["spec"] = merge(base, item.get("spec") or {})
            yield (kind, name), changed


def _defaults(project: Map | None) -> Any:
    spec = project.get("spec") if project else None
    return spec.get("defaults") if spec else None


def _replace(entries: dict[_Key, Entry[Document]], key: _Key, written: Map, errors: list[SpecError]) -> None:
    """Put the changed form of a document into its place."""
    entry = entries[key]
    found = validate(written, place(written, ()))
    if isinstance(found, tuple):
        errors.extend(found)
    else:
        entries[key] = replace(entry, written=written, document=found)
