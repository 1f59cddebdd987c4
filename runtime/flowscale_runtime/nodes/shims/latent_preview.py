"""ComfyUI's `latent_preview`: progress of samplers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from comfy.utils import ProgressBar

if TYPE_CHECKING:
    from collections.abc import Callable


def get_previewer(device: Any, latent_format: Any) -> None:
    """No latent is decoded on the way."""
    return


def prepare_callback(
    model: Any, steps: int, x0_output_dict: dict[str, Any] | None = None
) -> Callable[..., None]:
    """A callback for samplers that tells each step."""
    bar = ProgressBar(steps)

    def callback(step: int, x0: Any, x: Any, total_steps: int) -> None:
        if x0_output_dict is not None:
            x0_output_dict["x0"] = x0
        bar.update_absolute(step + 1, total_steps)

    return callback
