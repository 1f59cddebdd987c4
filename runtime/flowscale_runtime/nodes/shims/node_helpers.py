"""ComfyUI's `node_helpers`: small functions that nodes share."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable


def conditioning_set_values(
    conditioning: list[Any], values: dict[str, Any] | None = None, append: bool = False
) -> list[Any]:
    """The same conditioning with more values; `append` puts them after lists that are there."""
    made = []
    for tensor, known in conditioning:
        more = dict(values or {})
        if append:
            more = {name: known[name] + value if name in known else value for name, value in more.items()}
        made.append([tensor, known | more])
    return made


def pillow(function: Callable[..., Any], argument: Any) -> Any:
    """Calls a function of Pillow."""
    return function(argument)


def hasher() -> Any:
    """The hash that tells files apart."""
    return hashlib.sha256


def string_to_torch_dtype(name: str) -> torch.dtype | None:
    """`fp32`, `fp16` or `bf16` as torch has it."""
    return {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}.get(name)


def image_alpha_fix(destination: torch.Tensor, source: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Both with as many channels: what lacks an alpha channel gets an opaque one, what has one too many loses it."""
    if destination.shape[-1] < source.shape[-1]:
        source = source[..., : destination.shape[-1]]
    elif destination.shape[-1] > source.shape[-1]:
        destination = torch.nn.functional.pad(destination, (0, 1))
        destination[..., -1] = 1.0
    return destination, source
