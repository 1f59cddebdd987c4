"""The node packs and the weights of the examples, loaded once."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from flowscale_runtime.nodes import folders, packs

EXAMPLES = Path(__file__).parents[3] / "examples"
UPSCALE, EMOJI = EXAMPLES / "01-photo-upscale", EXAMPLES / "02-text-to-image"


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def loaded() -> packs.Packs:
    """Both examples' packs, without those of the environment."""
    return packs.load([UPSCALE / "custom_nodes", EMOJI / "custom_nodes"], entry_points=())


@pytest.fixture(scope="session")
def node(loaded: packs.Packs) -> Callable[..., Any]:
    """Calls a node by its class name, as the executor would."""

    def call(class_type: str, *arguments: Any, **inputs: Any) -> tuple[Any, ...]:
        made = loaded.classes[class_type]()
        return getattr(made, made.FUNCTION)(*arguments, **inputs)

    return call


@pytest.fixture(scope="session", autouse=True)
def _folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    root = tmp_path_factory.mktemp("folders")
    models = {
        "upscale_models": [UPSCALE / "models/upscale_models"],
        "diffusion_models": [EMOJI / "models/diffusion_models"],
        "vae": [EMOJI / "models/vae"],
    }
    before = folders._current
    folders.use(folders.Folders(root, root, root, root, models))
    yield
    folders._current = before


@pytest.fixture(scope="session")
def script() -> Callable[[Path], ModuleType]:
    """Reads a Python file of an example as a module."""
    return _script


def _script(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"example_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
