"""Model weights: safetensors only, checked against the digest that was pinned, never a pickle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowscale_runtime.nodes import digests
from flowscale_runtime.nodes.errors import BadWeights

if TYPE_CHECKING:
    from pathlib import Path

    import torch

SUFFIXES = (".safetensors", ".sft")


def load(path: Path, *, sha256: str | None = None, device: str = "cpu") -> dict[str, torch.Tensor]:
    """The tensors of a file by name; with a digest, only if the file has it."""
    if path.suffix.lower() not in SUFFIXES:
        raise BadWeights(f"{path.name} is no safetensors file", "convert it to safetensors first")
    if sha256 is not None:
        verify(path, sha256)
    return read(path, device)


def read(path: Path, device: str = "cpu") -> dict[str, torch.Tensor]:
    """The tensors of a file in the safetensors format, whatever its name ends in."""
    import safetensors.torch as tensors  # brings torch
    from safetensors import SafetensorError

    try:
        return tensors.load_file(path, device=device)
    except (SafetensorError, OSError) as error:
        raise BadWeights(f"{path.name} can't be read: {error}", "download the file again") from error


def verify(path: Path, sha256: str) -> None:
    """Refuse a file whose digest isn't the pinned one."""
    found = digests.of_file(path)
    if found != sha256.removeprefix("sha256:").lower():
        raise BadWeights(
            f"{path.name} has sha256 {found}, but {sha256} is pinned",
            "download the file again, or pin the new one if the change is meant",
        )


def metadata(path: Path) -> dict[str, str]:
    """The `__metadata__` of a file, without reading its tensors."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np") as file:
            return file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise BadWeights(f"{path.name} can't be read: {error}", "download the file again") from error
