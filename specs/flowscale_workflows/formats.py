"""Workflow files of every form: API JSON, editor JSON, and media files that carry either."""

from dataclasses import dataclass
from typing import Any

from flowscale_workflows import graphs, jsontext, metadata
from flowscale_workflows.errors import FormatError, GraphError, WorkflowError
from flowscale_workflows.graphs import ApiGraph

_JSON_STARTS = (b"{", b"[", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class WorkflowFile:
    """What a file holds: the executable form, the editor's form, or both."""

    graph: ApiGraph | None = None
    ui: dict[str, Any] | None = None
    name: str = ""


def read(data: bytes, name: str = "") -> WorkflowFile:
    """The workflow in these bytes. Raises WorkflowError, with the file's name in front if given."""
    try:
        graph, ui = _from_media(data) if metadata.container(data) else _from_json(data)
    except WorkflowError as error:
        if not name:
            raise
        raise type(error)(f"{name}: {error}") from error
    return WorkflowFile(graph, ui, name)


def _from_json(data: bytes) -> tuple[ApiGraph | None, dict[str, Any] | None]:
    if not data.strip():
        raise FormatError("The file is empty.")
    if not data.lstrip().startswith(_JSON_STARTS):
        raise FormatError(
            "This is neither JSON nor a media file that can hold a workflow. Export the workflow as JSON, "
            "or use a PNG or WebP image that ComfyUI saved."
        )
    return _parts(jsontext.loads(data))


def _from_media(data: bytes) -> tuple[ApiGraph | None, dict[str, Any] | None]:
    found = metadata.read(data)
    graph, ui = found.get("prompt"), found.get("workflow")
    if not isinstance(graph, dict) and not isinstance(ui, dict):
        kind = metadata.container(data)
        raise FormatError(
            f"This {kind} file holds no workflow. ComfyUI writes it unless metadata is switched off; "
            "programs that save the image again remove it."
        )
    return _pair(graph, ui)


def _parts(value: object) -> tuple[ApiGraph | None, dict[str, Any] | None]:
    """The two forms in a JSON value, which may also be what the editor or a queue wraps around them."""
    if graphs.is_ui(value):
        return None, _checked_ui(value)
    if graphs.is_api(value):
        return _checked(value), None
    if isinstance(value, dict):
        graph, ui = value.get("prompt", value.get("output")), value.get("workflow")
        if graphs.is_api(graph) or graphs.is_ui(ui):
            return _pair(graph, ui)
    raise FormatError(_why_neither(value))


def _pair(graph: object, ui: object) -> tuple[ApiGraph | None, dict[str, Any] | None]:
    return (
        _checked(graph) if isinstance(graph, dict) else None,
        _checked_ui(ui) if isinstance(ui, dict) else None,
    )


def _checked(graph: object) -> ApiGraph:
    sound = graphs.check(graph)
    return {node_id: {"inputs": {}, **node} for node_id, node in sound.items()}


def _checked_ui(ui: dict[str, Any]) -> dict[str, Any]:
    nodes = ui.get("nodes")
    if not isinstance(nodes, list) or not nodes:
        raise GraphError("The workflow has no nodes.")
    if len(nodes) > graphs.MAX_NODES:
        raise GraphError(f"The workflow has {len(nodes):,} nodes; at most {graphs.MAX_NODES:,} are allowed.")
    for node in nodes:
        if not isinstance(node, dict) or not isinstance(node.get("type"), str) or "id" not in node:
            raise GraphError("Every node of the editor's form has an id and a type; one here has not.")
    return ui


def _why_neither(value: object) -> str:
    if not isinstance(value, dict):
        return "A workflow is a JSON object; this is another JSON value."
    if not value:
        return "The JSON object is empty: no nodes."
    strays = [key for key, node in value.items() if not graphs.is_api({key: node})]
    if len(strays) < len(value):
        return f"Every node needs a class_type; {strays[0]!r} has none."
    return (
        "This JSON is no workflow: neither nodes with a class_type (API form) nor a list of nodes and links "
        "(editor form)."
    )
