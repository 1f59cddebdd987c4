"""The converter of TensorFlow.js weights, on a tiny model folder."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

CONVERT = Path(__file__).parents[3] / "examples/01-photo-upscale/convert.py"


@pytest.fixture(scope="module")
def convert(script):
    return script(CONVERT)


def folder(path, weights, shards):
    data = b"".join(value.astype("<f4").tobytes() for value in weights.values())
    cut = -(-len(data) // shards)
    names = [f"shard{i}.bin" for i in range(shards)]
    for index, name in enumerate(names):
        (path / name).write_bytes(data[index * cut : (index + 1) * cut])
    listed = [
        {"name": name, "shape": list(value.shape), "dtype": "float32"} for name, value in weights.items()
    ]
    (path / "model.json").write_text(json.dumps({"weightsManifest": [{"paths": names, "weights": listed}]}))
    return path


def test_tensors_are_read_across_shards(convert, tmp_path):
    weights = {"a/kernel": np.arange(24.0).reshape(2, 3, 4), "b/bias": np.array([1.0, -2.0])}
    read = dict(convert.tensors(folder(tmp_path, weights, 3)))
    assert list(read) == list(weights)
    assert all((read[name] == value).all() for name, value in weights.items())


def test_bytes_left_over_are_an_error(convert, tmp_path):
    made = folder(tmp_path, {"a/bias": np.ones(3)}, 1)
    (made / "shard0.bin").write_bytes(b"\0" * 16)
    with pytest.raises(ValueError, match="16 bytes, the manifest names 12"):
        list(convert.tensors(made))


@pytest.mark.parametrize(
    ("layer", "module"),
    [
        ("SR", "leave"),
        ("F_1_3_2", "blocks.0.units.2.grow.1"),
        ("F_10_1_4", "blocks.9.units.0.grow.3"),
        ("LFF_2_1", "blocks.1.units.0.fold"),
    ],
)
def test_layers_find_their_module(convert, layer, module):
    assert convert.module_name(layer) == module


def test_channels_before_the_shuffle_are_put_in_torch_order(convert):
    scale, high, wide = 2, 3, 5
    rng = np.random.default_rng(0)
    tensorflow = rng.normal(size=(high, wide, scale * scale * 3))  # depth_to_space: row, column, colour
    blocks = tensorflow.reshape(high, wide, scale, scale, 3)
    wanted = blocks.transpose(0, 2, 1, 3, 4).reshape(high * scale, wide * scale, 3)
    ordered = convert.shuffled(tensorflow.transpose(2, 0, 1), scale)
    made = torch.pixel_shuffle(torch.from_numpy(ordered), scale).permute(1, 2, 0).numpy()
    assert np.array_equal(made, wanted)
