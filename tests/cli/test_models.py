"""flowscale models: what is declared, what is here, and what is let go."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
HEADER = b'{"__metadata__":{}}'
WEIGHTS = len(HEADER).to_bytes(8, "little") + HEADER + b"weights"
SPEC = """
apiVersion: flowscale.ai/v1
kind: Workflow
metadata: {name: sum}
spec:
  models: [{name: a.safetensors, kind: vae, source: a.safetensors}]
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv("FLOWSCALE_MODEL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A spec with a model beside it."""
    (tmp_path / "sum").mkdir()
    (tmp_path / "sum" / "flowscale.yaml").write_text(SPEC)
    (tmp_path / "sum" / "workflow.json").write_text("{}")
    (tmp_path / "sum" / "a.safetensors").write_bytes(WEIGHTS)
    return tmp_path / "sum"


def blob(cache: Path, data: bytes, name: str | None = None) -> Path:
    """A file of the cache."""
    name = name or hashlib.sha256(data).hexdigest()
    path = cache / "blobs" / name[:2] / name
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    return path


def test_what_is_declared_is_listed_with_where_it_is(flowscale: Run, folder: Path) -> None:
    done = flowscale("models", "list", folder, "--json")
    [row] = json.loads(done.out)
    assert (row["model"], row["here"]) == ("vae/a.safetensors", str(folder / "a.safetensors"))
    (folder / "a.safetensors").unlink()
    [row] = json.loads(flowscale("models", "list", folder, "--json").out)
    assert row["here"] == ""


def test_what_is_pulled_is_told_with_its_checksum(flowscale: Run, folder: Path) -> None:
    done = flowscale("models", "pull", folder)
    assert done.code == 0, done.err
    assert done.out.split()[:2] == ["vae/a.safetensors", hashlib.sha256(WEIGHTS).hexdigest()]


def test_each_that_cannot_be_had_is_named(flowscale: Run, folder: Path) -> None:
    (folder / "a.safetensors").unlink()
    done = flowscale("models", "pull", folder)
    assert done.code == 1
    assert "sum: model vae/a.safetensors: there is no file a.safetensors beside the spec" in done.err


def test_a_folder_that_declares_none(flowscale: Run) -> None:
    flowscale("init", "x")
    done = flowscale("models", "list", "x")
    assert (done.code, "declares models" in done.err) == (3, True)


def test_a_damaged_file_is_found_and_removed(flowscale: Run, cache: Path) -> None:
    path = blob(cache, b"other", "0" * 64)
    done = flowscale("models", "verify")
    assert (done.code, f"{path} is damaged" in done.err) == (1, True)
    assert flowscale("models", "verify", "--remove").code == 0
    assert not path.exists()


def test_what_was_used_the_longest_ago_goes_first(flowscale: Run, cache: Path) -> None:
    path = blob(cache, b"weights")
    assert flowscale("models", "prune", "--size", "1Ki").code == 0
    assert path.exists()
    done = flowscale("models", "prune", "--size", "0")
    assert (done.code, path.exists()) == (0, False)
    assert "removed 1 files, 7 bytes" in done.err


def test_a_size_that_is_none(flowscale: Run) -> None:
    assert flowscale("models", "prune", "--size", "many").code == 2
