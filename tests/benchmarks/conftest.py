"""The benchmarks' modules, as their scripts see them."""

from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the benchmarks, where imports find their modules."""
    monkeypatch.syspath_prepend(str(FOLDER))
    return FOLDER
