"""ComfyUI's `comfy_execution.graph_utils`: how a node writes the graph that it expands to."""

from flowscale_runtime.graph.blocker import ExecutionBlocker
from flowscale_runtime.graph.builder import GraphBuilder, GraphNode, add_graph_prefix
from flowscale_runtime.graph.links import is_link

__all__ = ["ExecutionBlocker", "GraphBuilder", "GraphNode", "add_graph_prefix", "is_link"]
