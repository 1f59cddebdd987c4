"""What inputs and outputs are called: by the labels and titles that the author wrote, else by what they are for."""

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from flowscale_cli import naming

if TYPE_CHECKING:
    from flowscale_workflows.graphs import ApiGraph
    from flowscale_workflows.interface import Input, Interface, Output

WEIGHTS = (".safetensors", ".sft", ".ckpt", ".pt", ".pth", ".bin", ".gguf", ".onnx")
MODEL_KINDS = {
    "ckpt_name": "checkpoints",
    "clip_name": "text_encoders",
    "clip_name1": "text_encoders",
    "clip_name2": "text_encoders",
    "control_net_name": "controlnet",
    "lora_name": "loras",
    "style_model_name": "style_models",
    "unet_name": "diffusion_models",
    "vae_name": "vae",
    "model_name": "upscale_models",
}
"""Widgets that name a file of weights -> the models folder it is in."""
_ROLES = {"positive": "prompt", "negative": "negative_prompt"}
_TELLING = {
    "text",
    "prompt",
    "negative_prompt",
    "seed",
    "noise_seed",
    "steps",
    "cfg",
    "denoise",
    "width",
    "height",
}
_INTERNAL = {"filename_prefix", "label", "control_after_generate"}


def telling(graph: "ApiGraph", interface: "Interface") -> Iterator[str]:
    """Widgets, as `6.text`, that callers will want beside the files that ComfyUI's own nodes load.

    None where the author placed nodes to be inputs, or where every widget is an input already.
    """
    from flowscale_workflows import graphs
    from flowscale_workflows.interface import families

    if any(families.deliberate_ports(node["class_type"]) for node in graph.values()):
        return
    known = {(item.node_id, item.widget) for item in interface.inputs}
    for node_id, node in graph.items():
        for name, value in node.get("inputs", {}).items():
            if name in _TELLING and not graphs.is_link(value) and (node_id, name) not in known:
                yield f"{node_id}.{name}"


def named_inputs(
    graph: "ApiGraph", interface: "Interface", definitions: Mapping[str, Any]
) -> dict[str, "Input"]:
    """The inputs that callers should have, under names made of what the workflow's author wrote."""
    offered = [item for item in interface.inputs if item.widget not in _INTERNAL and not _is_model(item)]
    found: dict[str, Input] = {}
    for item in offered:
        others = {other.name for other in interface.inputs} - {item.name}
        words = [naming.key(word) for word in _words(graph, item, definitions)]
        key = next((word for word in words if word and word not in found and word not in others), item.name)
        found[key] = item
    return found


def named_outputs(
    graph: "ApiGraph", interface: "Interface", definitions: Mapping[str, Any]
) -> dict[str, "Output"]:
    """The outputs, named by label, title, file name or type."""
    found: dict[str, Output] = {}
    for item in interface.outputs:
        prefix = graph[item.node_id].get("inputs", {}).get("filename_prefix")
        stem = PurePosixPath(prefix).name if isinstance(prefix, str) else ""
        own = "" if stem in ("ComfyUI", "FlowScale") or "%" in stem else stem
        words = (_given(graph[item.node_id], definitions), own, item.type, f"{item.type}_{item.node_id}")
        keys = [naming.key(word) for word in words]
        found[next((key for key in keys if key and key not in found), item.name)] = item
    return found


def _words(graph: "ApiGraph", item: "Input", definitions: Mapping[str, Any]) -> Iterator[str]:
    """What an input might be called, the best first."""
    given = _given(graph[item.node_id], definitions)
    if item.is_file or item.widget in ("value", "default_value", "text", "string", "seed", "noise_seed"):
        yield given
    if item.type == "string" and (role := _role(graph, item.node_id)):
        yield role
    yield "text" if item.widget == "default_value" else item.widget.replace(".", "_")
    if given:
        yield f"{given} {item.widget}"


def _given(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """The label or title that the author gave a node; nothing where it is the class's own."""
    inputs, title = node.get("inputs", {}), node.get("_meta", {}).get("title")
    for name in ("label", "display_name"):
        if isinstance(inputs.get(name), str) and inputs[name].strip():
            return str(inputs[name])
    own = {node["class_type"], definitions.get(node["class_type"], {}).get("display_name"), None}
    plain = {naming.key(str(word)) for word in own}
    key = naming.key(str(title))
    return "" if title in own or key in plain or key.startswith("clip_text_encode") else str(title)


def _role(graph: "ApiGraph", node_id: str) -> str:
    """What a text is for, told by the input that it ends in: `positive` makes a prompt."""
    from flowscale_workflows import graphs

    reached, waiting = {node_id}, [node_id]
    links = list(graphs.links(graph))
    while waiting:
        source = waiting.pop(0)
        for link in links:
            if link.source == source and link.node not in reached:
                if link.name in _ROLES:
                    return _ROLES[link.name]
                reached.add(link.node)
                waiting.append(link.node)
    return ""


def _is_model(item: "Input") -> bool:
    return item.widget in MODEL_KINDS or (isinstance(item.default, str) and item.default.endswith(WEIGHTS))
