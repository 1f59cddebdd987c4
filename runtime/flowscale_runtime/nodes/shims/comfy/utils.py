"""ComfyUI's `comfy.utils`: progress, sizes of pictures, weights on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from flowscale_runtime.graph import current
from flowscale_runtime.nodes import tensors, weights

PROGRESS_BAR_ENABLED = True


class ProgressBar:
    """Tells how far the running node is, and stops it where the run was asked to stop."""

    def __init__(self, total: float, node_id: str | None = None) -> None:
        self.total, self.current, self.node_id = total, 0.0, node_id

    def update(self, value: float) -> None:
        """`value` more is done."""
        self.update_absolute(self.current + value)

    def update_absolute(self, value: float, total: float | None = None, preview: Any = None) -> None:
        """`value` of `total` is done. Raises Interrupted."""
        self.total = self.total if total is None else total
        self.current = min(value, self.total)
        picture = preview[1] if isinstance(preview, tuple) else preview
        current().progress(self.current, self.total, picture)


def common_upscale(
    samples: torch.Tensor, width: int, height: int, upscale_method: str, crop: str
) -> torch.Tensor:
    """Planes `[B,C,H,W]` in another size; `crop` is `center` or `disabled`."""
    pictures = samples.movedim(1, -1)
    return tensors.scale(pictures, width, height, upscale_method, crop).movedim(-1, 1)


def lanczos(samples: torch.Tensor, width: int, height: int) -> torch.Tensor:
    """Planes `[B,C,H,W]` in another size, by the Lanczos filter."""
    return tensors.scale_planes(samples, width, height, "lanczos")


def load_torch_file(
    ckpt: str, safe_load: bool = True, device: Any = None, return_metadata: bool = False
) -> Any:
    """Weights of a safetensors file by name. Raises BadWeights for pickles, which run code when they are read."""
    path = Path(ckpt)
    found = weights.read(path, str(device or "cpu"))
    return (found, weights.metadata(path)) if return_metadata else found


def save_torch_file(sd: dict[str, torch.Tensor], ckpt: str, metadata: dict[str, str] | None = None) -> None:
    """Writes weights as safetensors."""
    from safetensors.torch import save_file

    save_file(sd, ckpt, metadata=metadata)


def state_dict_prefix_replace(
    state_dict: dict[str, Any], replace_prefix: dict[str, str], filter_keys: bool = False
) -> dict[str, Any]:
    """Names with other beginnings; with `filter_keys` in a new dict of these alone."""
    made: dict[str, Any] = {} if filter_keys else state_dict
    for old, new in replace_prefix.items():
        for name in [name for name in state_dict if name.startswith(old)]:
            made[new + name[len(old) :]] = state_dict.pop(name)
    return made


def repeat_to_batch_size(tensor: torch.Tensor, batch_size: int, dim: int = 0) -> torch.Tensor:
    """As many along a dimension: cut, or repeated from the start."""
    index = torch.arange(batch_size, device=tensor.device) % tensor.shape[dim]
    return tensor.index_select(dim, index)
