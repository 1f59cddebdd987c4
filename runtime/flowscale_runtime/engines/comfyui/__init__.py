"""ComfyUI servers as an engine: a run goes to one of a pool over ComfyUI's own protocol, and comes back as ours."""
