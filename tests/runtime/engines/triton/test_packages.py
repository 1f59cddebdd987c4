"""Triton's Python process imports from where this one does."""

import sysconfig
from pathlib import Path

import pytest

from flowscale_runtime.engines.triton.packages import folders_of_packages


def test_folders_of_the_search_path_come_before_installed_packages(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'lib'}::{tmp_path / 'torch'}")
    found = folders_of_packages()
    assert found[:3] == [str(tmp_path / "lib"), str(tmp_path / "torch"), sysconfig.get_path("purelib")]


def test_without_a_search_path_only_installed_packages_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    assert folders_of_packages()[0] == sysconfig.get_path("purelib")
