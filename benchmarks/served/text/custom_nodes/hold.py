"""A node that takes its time and no CPU."""

import time
from typing import Any, ClassVar


class Hold:
    """Waits, so that its host is taken."""

    CATEGORY = "benchmarks"
    FUNCTION = "run"
    RETURN_TYPES = ("STRING",)
    NOT_IDEMPOTENT: ClassVar[bool] = True

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802  the node contract names it
        return {"required": {"seconds": ("FLOAT", {"default": 1.0, "min": 0.0, "max": 86400.0})}}

    def run(self, seconds: float) -> tuple[str]:
        time.sleep(seconds)
        return ("held",)


NODE_CLASS_MAPPINGS = {"Hold": Hold}
