"""The package as others see it."""

from __future__ import annotations

import subprocess
import sys

import pytest

import flowscale_runtime.graph as graph
from flowscale_runtime.graph import errors, v3


@pytest.mark.parametrize("module", [graph, v3, v3.io])
def test_every_public_name_is_there(module):
    assert [name for name in module.__all__ if not hasattr(module, name)] == []
    assert list(module.__all__) == sorted(set(module.__all__), key=list(module.__all__).index)


def test_heavy_packages_stay_out():
    code = "import sys, flowscale_runtime.graph, flowscale_runtime.graph.v3; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert {"torch", "numpy", "PIL", "fastapi", "pydantic"} & set(loaded) == set()


def test_the_tree_of_errors_is_the_one_that_is_drawn():
    drawn = [line.split()[0] for line in errors.__doc__.splitlines()[2:] if line.strip()]
    defined = [
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and value.__module__ == errors.__name__
    ]
    assert sorted(drawn) == sorted(defined)
