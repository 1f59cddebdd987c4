"""Photo super-resolution: a loader and an upscaler."""

from .nodes import SuperResolution, SuperResolutionLoader

NODE_CLASS_MAPPINGS = {
    "SuperResolutionLoader": SuperResolutionLoader,
    "SuperResolution": SuperResolution,
}
NODE_DISPLAY_NAME_MAPPINGS = {
    "SuperResolutionLoader": "Load Super-Resolution Model",
    "SuperResolution": "Super-Resolution",
}
