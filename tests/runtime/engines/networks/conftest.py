"""One small network in every format."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from flowscale_runtime.engines.networks.values import Network
from harness import networks

FILES = {"torchscript": "net.pt", "export": "net.pt2", "onnx": "net.onnx"}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("networks")


@pytest.fixture(scope="session")
def module(folder: Path) -> torch.nn.Module:
    return networks.module(folder)


@pytest.fixture(scope="session")
def network(module: torch.nn.Module, folder: Path) -> Callable[..., Network]:
    """Makes the network in a format, with other values where they are given."""
    with pytest.warns(FutureWarning, match="deprecated"):
        torch.jit.script(module).save(str(folder / "net.pt"))
    side, wide = (torch.export.Dim(name, min=2, max=512) for name in ("side", "wide"))
    shapes = ({0: torch.export.Dim("batch", min=1, max=64), 2: side, 3: wide},)
    exported = torch.export.export(module, (torch.rand(2, 3, 8, 9),), dynamic_shapes=shapes)
    torch.export.save(exported, folder / "net.pt2")
    shutil.copy(Path(__file__).with_name("net.onnx"), folder)

    def make(kind: str = "safetensors", **changes: Any) -> Network:
        other = (
            {"format": kind, "file": folder / FILES[kind], "code": None, "kind": ""} if kind in FILES else {}
        )
        return networks.network(folder, digest=f"{kind}0123456789abcdef", **(other | changes))

    return make
