"""The weights of a release: what its spec declares, and what its graph names in the folders of models."""

from pathlib import Path

import pytest

from flowscale_runtime.gateway.weights import named
from flowscale_runtime.models.values import Wanted
from flowscale_specs.releases import Release


@pytest.fixture
def models(tmp_path: Path) -> Path:
    for name in ("vae/a.safetensors", "loras/styles/b.safetensors"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def release(*values: object) -> Release:
    graph = {"1": {"class_type": "Loader", "inputs": {str(number): one for number, one in enumerate(values)}}}
    return Release(graph=graph, interface={})


def test_files_that_the_graph_names_are_found_in_the_folder_of_their_kind(models: Path) -> None:
    found = named(release("a.safetensors", "styles/b.safetensors", "c.safetensors", 7, ["2", 0]), [models])
    assert list(found) == [Wanted("loras", "styles/b.safetensors"), Wanted("vae", "a.safetensors")]


@pytest.mark.parametrize("value", ["", "../vae/a.safetensors", "/etc/passwd", "a\0b", "x" * 5000])
def test_a_text_that_is_no_file_name_is_none(models: Path, value: str) -> None:
    assert list(named(release(value), [models])) == []


def test_a_folder_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert list(named(release("a.safetensors"), [tmp_path / "nothing"])) == []
