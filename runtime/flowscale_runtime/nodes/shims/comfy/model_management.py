"""ComfyUI's `comfy.model_management`: devices, memory, interruption. Weights are kept by whoever loads them."""

from __future__ import annotations

from enum import Enum
from typing import Any

import psutil
import torch

from flowscale_runtime.graph import Interrupted, current

InterruptProcessingException = Interrupted
OOM_EXCEPTION: type[BaseException] = torch.OutOfMemoryError


class CPUState(Enum):
    """What computes."""

    GPU = 0
    CPU = 1
    MPS = 2


class VRAMState(Enum):
    """How much GPU memory there is."""

    DISABLED = 0
    NO_VRAM = 1
    LOW_VRAM = 2
    NORMAL_VRAM = 3
    HIGH_VRAM = 4
    SHARED = 5


cpu_state = CPUState.GPU if torch.cuda.is_available() else CPUState.CPU
vram_state = VRAMState.NORMAL_VRAM if torch.cuda.is_available() else VRAMState.DISABLED


def get_torch_device() -> torch.device:
    """The GPU where there is one, else the processor."""
    return (
        torch.device("cuda", torch.cuda.current_device())
        if torch.cuda.is_available()
        else torch.device("cpu")
    )


def get_torch_device_name(device: torch.device) -> str:
    """A device's name for people."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else str(device)


def intermediate_device() -> torch.device:
    """Where results wait for the next node."""
    return torch.device("cpu")


unet_offload_device = vae_offload_device = text_encoder_offload_device = intermediate_device
vae_device = text_encoder_device = get_torch_device


def is_device_cpu(device: Any) -> bool:
    """Whether a device is the processor."""
    return torch.device(device).type == "cpu"


def is_device_mps(device: Any) -> bool:
    """Whether a device is Apple's."""
    return torch.device(device).type == "mps"


def get_total_memory(dev: torch.device | None = None, torch_total_too: bool = False) -> Any:
    """Bytes that a device has."""
    device = dev or get_torch_device()
    total = torch.cuda.mem_get_info(device)[1] if device.type == "cuda" else psutil.virtual_memory().total
    return (total, total) if torch_total_too else total


def get_free_memory(dev: torch.device | None = None, torch_free_too: bool = False) -> Any:
    """Bytes that a device has left."""
    device = dev or get_torch_device()
    free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else psutil.virtual_memory().available
    return (free, free) if torch_free_too else free


def should_use_fp16(device: Any = None, **hints: Any) -> bool:
    """Whether half precision is quicker there."""
    return torch.device(device or get_torch_device()).type == "cuda"


def should_use_bf16(device: Any = None, **hints: Any) -> bool:
    """Whether bfloat16 is quicker there."""
    return should_use_fp16(device) and torch.cuda.is_bf16_supported()


def dtype_size(dtype: torch.dtype) -> int:
    """Bytes of a number."""
    return dtype.itemsize


def module_size(module: torch.nn.Module) -> int:
    """Bytes of a network's weights."""
    return sum(tensor.nbytes for tensor in module.state_dict().values())


def soft_empty_cache(force: bool = False) -> None:
    """Gives memory back that torch keeps for later."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def unload_all_models() -> None:
    """Gives memory back that torch keeps for later; there is no registry of models to clear."""
    soft_empty_cache()


def processing_interrupted() -> bool:
    """Whether the run was asked to stop."""
    return current().interrupt.is_set()


def throw_exception_if_processing_interrupted() -> None:
    """Raises InterruptProcessingException where the run was asked to stop."""
    current().check()


def interrupt_current_processing(value: bool = True) -> None:
    """Asks the run to stop."""
    if value:
        current().interrupt.set()
