"""Checks of a spec folder: specs, node packs, workflows, models, lock."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowscale_cli.checks.findings import Finding, failure, ok, warning

if TYPE_CHECKING:
    from flowscale_runtime.nodes.packs import Packs
    from flowscale_specs import ResolvedProject
    from flowscale_specs.resolved import ResolvedWorkflow


def specs(folder: Path) -> "tuple[list[Finding], ResolvedProject | None]":
    """Whether the specs are right, and what they say."""
    from flowscale_specs import SpecErrors, load, resolve

    if not folder.is_dir():
        return [failure("specs", f"there is no folder {folder}", "make one with `flowscale init`")], None
    try:
        documents = load(folder)
        project = resolve(documents)
    except SpecErrors as errors:
        return [failure("specs", str(error), "correct it") for error in errors.errors], None
    if not project.deployments:
        hint = "add a Workflow, or start with `flowscale init`"
        return [warning("specs", f"{folder} declares nothing to serve", hint)], project
    return [
        ok("specs", f"{len(documents)} documents declare {', '.join(sorted(project.deployments))}")
    ], project


def packs(loaded: "Mapping[Path, Packs]") -> Iterator[Finding]:
    """Whether every node pack loads, those of each folder with the ones that come with the platform."""
    failed = {each for found in loaded.values() for each in found.failures}
    for each in sorted(failed, key=lambda failed: (failed.pack, failed.message)):
        yield failure("packs", f"{each.pack}: {each.message}", each.hint)
    yield ok("packs", f"{len({name for found in loaded.values() for name in found.classes})} node classes")


def nodes(
    declared: "ResolvedWorkflow", project: "ResolvedProject", here: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """The node definitions that a workflow is built with; None where only its ComfyUI servers know them.

    Raises WorkflowError where those beside the spec can't be read.
    """
    from flowscale_workflows import saved

    return saved.read(declared.folder) if project.servers(declared.name) else here


def workflow(
    declared: "ResolvedWorkflow", project: "ResolvedProject", here: Mapping[str, Any]
) -> Iterator[Finding]:
    """Whether the workflow's file, nodes and interface fit together."""
    from flowscale_cli.importing import missing
    from flowscale_workflows.conversion import to_api
    from flowscale_workflows.errors import WorkflowError
    from flowscale_workflows.formats import read
    from flowscale_workflows.releases import build

    check = f"workflow {declared.name}"
    path = declared.folder / declared.source
    try:
        definitions = nodes(declared, project, here)
        if definitions is None:
            said = "only its ComfyUI servers know whether they have its nodes"
            yield warning(check, said, f"save these: flowscale nodes import URL {declared.folder}")
            return
        data = path.read_bytes()
        file = read(data, declared.source)
        graph = file.graph if file.graph is not None else to_api(file.ui or {}, definitions)
        absent = list(missing(graph, definitions, file.ui))
        for each in absent:
            said = f"node {', '.join(each.nodes)} needs {each.class_type}, which no pack offers"
            yield failure(check, said, each.advice)
        if not absent:
            build(declared, data, declared.source, definitions, {})
            yield ok(check, f"{len(graph)} nodes")
    except OSError as error:
        yield failure(check, f"{path} can't be read: {error.strerror}", "correct `source` in the spec")
    except WorkflowError as error:
        yield failure(check, str(error), f"correct {path} or its spec")


def models(declared: "ResolvedWorkflow") -> Iterator[Finding]:
    """Whether the declared files of weights are where loaders look, and are the right ones."""
    check = f"models of {declared.name}"
    for model in declared.models:
        path = declared.folder / "models" / model.kind / model.name
        if not path.is_file():
            source = f" from {model.source}" if model.source else ""
            yield failure(check, f"{model.name} is not there", f"put it{source} into {path.parent}/")
        elif model.sha256 and _sha256(path) != str(model.sha256).removeprefix("sha256:"):
            yield failure(
                check, f"{path} has another sha256 than the spec", "get the file again, or correct the spec"
            )
        else:
            yield ok(check, str(path))


def lock(folder: Path, project: "ResolvedProject") -> Iterator[Finding]:
    """Whether old versions that get traffic are pinned."""
    from flowscale_specs import SpecErrors
    from flowscale_specs.releases import LOCK_NAME, read_lock, unpinned

    try:
        found = read_lock(folder / LOCK_NAME)
    except SpecErrors as errors:
        yield from (
            failure("lock", str(error), "delete it and run `flowscale pin`") for error in errors.errors
        )
        return
    for name, version in unpinned(project, found):
        hint = "run `flowscale pin` and keep flowscale.lock in git, so that this version can always be served"
        yield warning("lock", f"{name} {version} is not pinned", hint)


def _sha256(path: Path) -> str:
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
