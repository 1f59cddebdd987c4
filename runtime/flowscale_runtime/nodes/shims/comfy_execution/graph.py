"""ComfyUI's `comfy_execution.graph`: blocked outputs, and the graph as it grows."""

from flowscale_runtime.graph.blocker import ExecutionBlocker
from flowscale_runtime.graph.dynprompt import DynamicPrompt

__all__ = ["DynamicPrompt", "ExecutionBlocker"]
