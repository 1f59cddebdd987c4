"""Weights are safetensors that have the pinned digest; nothing else is opened."""

import hashlib
import pickle

import pytest
import torch
from safetensors.torch import save_file

from flowscale_runtime.nodes import weights
from flowscale_runtime.nodes.errors import BadWeights


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "model.safetensors"
    save_file({"a": torch.arange(3.0)}, path, metadata={"made": "here"})
    return path


def test_tensors_and_metadata_are_read(file):
    assert weights.load(file)["a"].tolist() == [0, 1, 2]
    assert weights.metadata(file) == {"made": "here"}


def test_the_digest_is_checked_in_either_spelling(file):
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    for pinned in (digest, f"sha256:{digest}"):
        assert list(weights.load(file, sha256=pinned)) == ["a"]
    with pytest.raises(BadWeights, match=f"has sha256 {digest}") as caught:
        weights.load(file, sha256="0" * 64)
    assert "pin" in caught.value.hint


def test_a_changed_file_is_noticed(file):
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    weights.verify(file, digest)
    save_file({"a": torch.arange(4.0)}, file)
    with pytest.raises(BadWeights):
        weights.verify(file, digest)


class Trap:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was opened",))


@pytest.mark.parametrize("name", ["model.pt", "model.ckpt", "model.bin", "model.safetensors"])
def test_a_pickle_is_never_opened(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(BadWeights):
        weights.load(path)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff" * 16, (10**9).to_bytes(8, "little") + b"{}"])
def test_damaged_files_say_so(tmp_path, content):
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    for read in (weights.load, weights.metadata):
        with pytest.raises(BadWeights, match="can't be read") as caught:
            read(path)
        assert caught.value.hint
