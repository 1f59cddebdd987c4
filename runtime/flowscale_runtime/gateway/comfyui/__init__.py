"""ComfyUI's protocol on our queue: clients that speak to a ComfyUI server speak to this one unchanged."""
