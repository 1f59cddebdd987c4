"""ComfyUI's `comfy_api`: the schema form of nodes."""
