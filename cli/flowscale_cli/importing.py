"""From a workflow to a spec: which inputs callers get, what those are called, what the graph still needs."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import yaml

from flowscale_cli import naming
from flowscale_cli.aliases import MODEL_KINDS, WEIGHTS, named_inputs, named_outputs, telling

if TYPE_CHECKING:
    from flowscale_workflows.formats import WorkflowFile
    from flowscale_workflows.graphs import ApiGraph
    from flowscale_workflows.interface import Input, Output


@dataclass(frozen=True, slots=True)
class Missing:
    """A node class that no pack here offers, the nodes of it, and where it comes from as far as the file says."""

    class_type: str
    nodes: tuple[str, ...]
    source: str
    nearest: str

    @property
    def advice(self) -> str:
        """What to do."""
        source = f"get {self.source}" if self.source else "find the pack that has it"
        near = f" (or did the author mean {self.nearest}?)" if self.nearest else ""
        return f"{source} and put it into custom_nodes/{near}"


@dataclass(frozen=True, slots=True)
class Draft:
    """What an import found."""

    workflow: str
    inputs: Mapping[str, "Input"]
    outputs: Mapping[str, "Output"]
    models: tuple[tuple[str, str], ...]
    """(file name, kind)"""
    missing: tuple[Missing, ...]

    def spec(self, name: str, description: str = "") -> str:
        """The text of flowscale.yaml."""
        lines = ["apiVersion: flowscale.ai/v1", "kind: Workflow", f"metadata: {{name: {name}}}", "spec:"]
        lines += [f"  description: {_flow(description)}"] if description else []
        inputs = {key: _input(key, item) for key, item in self.inputs.items()}
        outputs = {key: {"from": item.node_id} for key, item in self.outputs.items()}
        lines += [*_section("inputs", inputs), *_section("outputs", outputs)]
        if self.models:
            lines += ["  models:", *(f"    - {_flow({'name': n, 'kind': k})}" for n, k in self.models)]
        lines += ["---", "apiVersion: flowscale.ai/v1", "kind: WorkflowDeployment"]
        return "\n".join([*lines, f"metadata: {{name: {name}}}", f"spec: {{workflow: {name}}}", ""])


def draft(file: "WorkflowFile", definitions: Mapping[str, Any]) -> Draft:
    """Reads a workflow file for what its spec should say. Raises WorkflowError."""
    from flowscale_specs import InputSpec
    from flowscale_workflows.conversion import to_api
    from flowscale_workflows.interface import Interface, derive

    graph = file.graph if file.graph is not None else to_api(file.ui or {}, definitions)
    own = derive(graph, definitions)
    more = {reference: InputSpec.model_validate(reference) for reference in telling(graph, own)}
    wider = derive(graph, definitions, more).inputs
    interface = Interface((*own.inputs, *(replace(item, alias=None) for item in wider)), own.outputs)
    kept = file.graph if file.graph is not None else file.ui
    return Draft(
        json.dumps(kept, indent=2, ensure_ascii=False) + "\n",
        named_inputs(graph, interface, definitions),
        named_outputs(graph, interface, definitions),
        tuple(dict.fromkeys(_models(graph))),
        tuple(missing(graph, definitions, file.ui)),
    )


def missing(
    graph: "ApiGraph", definitions: Mapping[str, Any], ui: Mapping[str, Any] | None = None
) -> Iterator[Missing]:
    """The classes of a graph that nobody offers."""
    from rapidfuzz import process

    sources = _sources(ui or {})
    for name in sorted({node["class_type"] for node in graph.values()} - definitions.keys()):
        nodes = tuple(node_id for node_id, node in graph.items() if node["class_type"] == name)
        near = process.extractOne(name, list(definitions), score_cutoff=85)
        yield Missing(name, nodes, sources.get(name, ""), near[0] if near else "")


def _models(graph: "ApiGraph") -> Iterator[tuple[str, str]]:
    for node in graph.values():
        for name, value in node.get("inputs", {}).items():
            if isinstance(value, str) and value.endswith(WEIGHTS):
                yield value, MODEL_KINDS.get(name, name.removesuffix("_name"))


def _sources(ui: Mapping[str, Any]) -> dict[str, str]:
    """The pack that each node class of an editor's file comes from, where the editor noted it."""
    return {node["type"]: source for node in _nodes(ui) if (source := _source(node.get("properties")))}


def _source(properties: object) -> str:
    if not isinstance(properties, Mapping):
        return ""
    if isinstance(place := properties.get("aux_id"), str):
        return f"github.com/{place}"
    pack = properties.get("cnr_id")
    return f"the pack {pack!r} of the node registry" if isinstance(pack, str) and pack != "comfy-core" else ""


def _nodes(ui: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    inner = ui.get("definitions", {}).get("subgraphs", []) if isinstance(ui.get("definitions"), dict) else []
    for graph in (ui, *(each for each in inner if isinstance(each, Mapping))):
        yield from (node for node in graph.get("nodes", ()) if isinstance(node, Mapping) and "type" in node)


def _input(key: str, item: "Input") -> dict[str, Any]:
    return {"from": f"{item.node_id}.{item.widget}", "label": naming.label(key)}


def _section(name: str, entries: Mapping[str, Any]) -> Iterable[str]:
    return [f"  {name}:{'' if entries else ' {}'}", *(f"    {key}: {_flow(v)}" for key, v in entries.items())]


def _flow(value: Any) -> str:
    """A value as one line of YAML."""
    text = yaml.safe_dump(value, default_flow_style=True, width=math.inf, sort_keys=False, allow_unicode=True)
    return text.removesuffix("...\n").strip()
