"""Converts the TensorFlow.js weights of the npm package @upscalerjs/esrgan-thick to safetensors.

    npm pack @upscalerjs/esrgan-thick && tar xzf upscalerjs-esrgan-thick-*.tgz
    python convert.py package/models/x4 models/upscale_models/rrdn-x4.safetensors

A layers model is `model.json`, which lists the tensors, and their bytes one after the other in shards.
"""

import hashlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

NAMES = {"Pre_blocks_conv": "enter", "post_blocks_conv": "after", "PreShuffle": "spread", "SR": "leave"}


def tensors(folder: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Each tensor of a layers model by its name."""
    for group in json.loads((folder / "model.json").read_text())["weightsManifest"]:
        data = b"".join((folder / path).read_bytes() for path in group["paths"])
        offset = 0
        for weight in group["weights"]:
            count = int(np.prod(weight["shape"]))
            yield weight["name"], np.frombuffer(data, "<f4", count, offset).reshape(weight["shape"])
            offset += 4 * count
        if offset != len(data):
            raise ValueError(f"{folder}: the shards hold {len(data)} bytes, the manifest names {offset}")


def module_name(layer: str) -> str:
    """The module of the torch network for a layer, such as blocks.0.units.2.grow.1 for F_1_3_2."""
    if layer in NAMES:
        return NAMES[layer]
    kind, *numbers = layer.split("_")
    block, unit, *step = (int(n) - 1 for n in numbers)
    return f"blocks.{block}.units.{unit}." + ("fold" if kind == "LFF" else f"grow.{step[0]}")


def shuffled(kernel: np.ndarray, scale: int) -> np.ndarray:
    """The channels before the shuffle, from TensorFlow's order (row, column, colour) to torch's (colour, row, column)."""
    return (
        kernel.reshape(scale, scale, 3, *kernel.shape[1:])
        .transpose(2, 0, 1, *range(3, kernel.ndim + 2))
        .reshape(kernel.shape)
    )


def converted(folder: Path, scale: int) -> dict[str, np.ndarray]:
    """The state of the torch network, in half precision."""
    state = {}
    for name, value in tensors(folder):
        layer, part = name.split("/")
        outward = value.transpose(3, 2, 0, 1) if part == "kernel" else value
        if layer == "PreShuffle":
            outward = shuffled(outward, scale)
        key = f"{module_name(layer)}.{'weight' if part == 'kernel' else 'bias'}"
        state[key] = np.ascontiguousarray(outward, dtype=np.float16)
    return state


def main(folder: Path, target: Path) -> None:
    """Write the file and tell its digest, which the loader node pins."""
    match = re.fullmatch(r"x(\d)", folder.name)
    if not match:
        sys.exit(f"{folder} is no model folder: name one such as package/models/x4")
    save_file(
        converted(folder, int(match.group(1))),
        target,
        {"scale": match.group(1), "source": "@upscalerjs/esrgan-thick 1.0.0 (MIT)"},
    )
    print(hashlib.sha256(target.read_bytes()).hexdigest(), target)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
