"""Workflows inside media files: read from any container that ComfyUI writes, and written as bytes.

Containers that need an encoder (video, audio) are written by whoever encodes them, as tags named
`prompt` and `workflow` with JSON text.
"""

from flowscale_workflows.metadata.exif import exif_block
from flowscale_workflows.metadata.png import png_text, with_png_text
from flowscale_workflows.metadata.reading import container, read

__all__ = ["container", "exif_block", "png_text", "read", "with_png_text"]
