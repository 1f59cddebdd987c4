"""ComfyUI's `comfy_execution`: what nodes need of the executor."""
