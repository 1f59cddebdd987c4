"""From a workflow file to a release: graph, interface and the definitions it needs, as one bundle."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from flowscale_specs.releases import Release
from flowscale_workflows.conversion import to_api
from flowscale_workflows.errors import WorkflowError
from flowscale_workflows.formats import read
from flowscale_workflows.graphs import ApiGraph
from flowscale_workflows.interface import derive


class Declared(Protocol):
    """What a release needs of a workflow's spec."""

    @property
    def inputs(self) -> Mapping[str, Any] | None: ...

    @property
    def outputs(self) -> Mapping[str, Any] | None: ...


ADD_PACK = (
    "Put the pack that has them into custom_nodes/ beside the spec, or name its git repository under `packs`."
)


def build(
    workflow: Declared,
    data: bytes,
    name: str,
    definitions: Mapping[str, Any],
    packs: Mapping[str, str],
    remedy: str = ADD_PACK,
    environments: Sequence[Mapping[str, Any]] = (),
) -> Release:
    """The release of a workflow file.

    Args:
        data: the bytes of the workflow file called `name`.
        definitions: of all node classes at hand.
        packs: by class, the digest of the node pack that it comes from.
        remedy: what to do where a class isn't among them.
        environments: packs from their sources, as they were locked.

    Raises:
        WorkflowError: the file can't be read or converted, or needs classes that nobody offers.
    """
    file = read(data, name)
    graph = file.graph if file.graph is not None else to_api(file.ui or {}, definitions)
    used = {node["class_type"] for node in graph.values()}
    if missing := sorted(used - definitions.keys()):
        raise WorkflowError(f"{name} needs node classes that no pack offers: {', '.join(missing)}. {remedy}")
    needed = {class_type: definitions[class_type] for class_type in sorted(used)}
    interface = derive(graph, needed, workflow.inputs, workflow.outputs)
    return Release(
        graph=graph,
        interface=interface.to_json(),
        definitions=needed,
        packs={name: packs[name] for name in needed if name in packs},
        environments=tuple(environments),
    )


def repeatable(graph: ApiGraph, definitions: Mapping[str, Any]) -> bool:
    """Whether the same inputs give the same outputs: no class in the graph declares that they may not."""
    return not any(definitions[node["class_type"]].get("not_idempotent") for node in graph.values())
