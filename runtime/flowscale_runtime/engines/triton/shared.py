"""Memory that a process shares with Triton, so that large tensors aren't sent."""

from typing import Any

import uuid_utils
from tritonclient.utils import shared_memory


class Region:
    """One region, known to the server by its name."""

    def __init__(self, client: Any, size: int, prefix: str) -> None:
        self.name, self.size = f"{prefix}-{uuid_utils.uuid7().hex}", size
        self._handle = shared_memory.create_shared_memory_region(self.name, f"/{self.name}", size)
        client.register_system_shared_memory(self.name, f"/{self.name}", size)

    def write(self, data: Any) -> None:
        """Puts an array to its start."""
        shared_memory.set_shared_memory_region(self._handle, [data])

    def close(self, client: Any) -> None:
        """Gives the memory back."""
        client.unregister_system_shared_memory(self.name)
        shared_memory.destroy_shared_memory_region(self._handle)
