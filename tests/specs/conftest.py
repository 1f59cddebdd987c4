"""What the tests of specs share."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from flowscale_specs import Documents, SpecErrors, load

COMPLETE = Path(__file__).parent / "complete"


@pytest.fixture
def complete() -> Path:
    """A folder in which every kind says everything that it can."""
    return COMPLETE


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a spec file into a folder that has a workflow file."""
    (tmp_path / "workflow.json").write_text("{}")

    def write(text: str, name: str = "flowscale.yaml") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    return write


@pytest.fixture
def loaded(write: Callable[..., Path], tmp_path: Path) -> Callable[[str], Documents]:
    """Loads a text as the only spec file of a folder."""

    def loaded(text: str) -> Documents:
        write(text)
        return load(tmp_path)

    return loaded


@pytest.fixture
def faults(tmp_path: Path) -> Callable[[Callable[[], object]], list[str]]:
    """What a call raises, one line a fault, with paths relative to the folder."""

    def faults(call: Callable[[], object]) -> list[str]:
        with pytest.raises(SpecErrors) as caught:
            call()
        return [str(error).replace(f"{tmp_path}/", "") for error in caught.value.errors]

    return faults
