"""The editor: ComfyUI's own frontend as pages, its templates, the scripts of packs, and signing in with a key."""
