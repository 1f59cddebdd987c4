"""ComfyUI's `comfy`, as far as it needs no weights."""
