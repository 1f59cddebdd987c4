"""A small network for tests: its code, its weights, and what a spec would say of it."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from flowscale_runtime.engines.networks.values import Network, Port

CODE = """
import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.mix = torch.nn.Linear(3, 3)

    def forward(self, pixels):
        return torch.sigmoid(self.mix(pixels.movedim(1, -1))).movedim(-1, 1)
"""
WEIGHT = [[0.5, 0.2, 0.1], [0.1, 0.6, -0.2], [0.3, -0.1, 0.4]]
BIAS = [0.1, -0.2, 0.05]


def module(folder: Path) -> torch.nn.Module:
    """The network as torch has it, from a file of its code."""
    path = folder / "net.py"
    path.write_text(CODE)
    spec = importlib.util.spec_from_file_location("net_of_these_tests", path)
    assert spec
    assert spec.loader
    code = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(code)
    net: torch.nn.Module = code.Net().eval()
    net.load_state_dict({"mix.weight": torch.tensor(WEIGHT), "mix.bias": torch.tensor(BIAS)})
    return net


def network(folder: Path, **changes: Any) -> Network:
    """The network as safetensors with a class, with other values where they are given."""
    if not (folder / "net.safetensors").exists():
        save_file(module(folder).state_dict(), folder / "net.safetensors")
    values: dict[str, Any] = {
        "name": "net",
        "digest": "0123456789abcdef",
        "format": "safetensors",
        "file": folder / "net.safetensors",
        "inputs": (Port("pixels", "FP32", (3, -1, -1)),),
        "outputs": (Port("mixed", "FP32", (3, -1, -1)),),
        "code": folder / "net.py",
        "kind": "Net",
        "batch": 8,
    }
    return Network(**(values | changes))
