"""What a pack of schema nodes gives from its `comfy_entrypoint`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .node import ComfyNode


class ComfyExtension(ABC):
    """A pack."""

    async def on_load(self) -> None:  # noqa: B027 (most packs have nothing to do here)
        """Called once, before the nodes are asked for."""

    @abstractmethod
    async def get_node_list(self) -> list[type[ComfyNode]]:
        """The nodes of the pack."""
