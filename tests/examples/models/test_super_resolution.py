"""Photo super-resolution: better than bicubic on photos that it never saw, for any size, with transparency."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from flowscale_runtime.graph import context
from flowscale_runtime.graph.errors import Interrupted
from flowscale_runtime.graph.interrupt import Interrupt
from flowscale_runtime.graph.testing import RecordingListener
from flowscale_runtime.nodes.errors import BadWeights

UPSCALE = Path(__file__).parents[3] / "examples/01-photo-upscale"
PHOTOS = ("astronaut", "chelsea", "coffee", "rocket")
SIDE = 256


def tensor(image: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.array(image)).float()[None] / 255


def pixels(images: torch.Tensor) -> np.ndarray:
    return (images[0] * 255).round().byte().numpy()


@pytest.fixture(scope="module")
def model(node):
    return node("SuperResolutionLoader", model_name="rrdn-x4.safetensors")[0]


@pytest.mark.parametrize("name", PHOTOS)
def test_a_held_out_photo_comes_closer_to_the_original_than_by_bicubic(node, model, name):
    whole = getattr(data, name)()
    top, left = (whole.shape[0] - SIDE) // 2, (whole.shape[1] - SIDE) // 2
    original = whole[top : top + SIDE, left : left + SIDE]
    small = Image.fromarray(original).resize((SIDE // 4, SIDE // 4), Image.Resampling.BICUBIC)
    bicubic = np.array(small.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    made = pixels(node("SuperResolution", model, tensor(small), refine=2, tile=96)[0])
    ssim = [structural_similarity(original, result, channel_axis=2) for result in (bicubic, made)]
    psnr = [peak_signal_noise_ratio(original, result) for result in (bicubic, made)]
    assert ssim[1] > ssim[0] + 0.005
    assert psnr[1] > psnr[0] + 0.15


def test_tiles_leave_no_seams(node, model):
    photo = tensor(Image.open(UPSCALE / "photo.jpg"))[:, :70, :90]
    whole, tiled = (node("SuperResolution", model, photo, refine=0, tile=tile)[0] for tile in (256, 32))
    assert whole.shape == (1, 280, 360, 3)
    assert (whole - tiled).abs().max() < 3 / 255


def test_every_tile_of_every_picture_is_reported(node, model):
    listener = RecordingListener()
    context.enter(context.NodeContext("3", "SuperResolution", listener=listener))
    try:
        node("SuperResolution", model, torch.rand(2, 40, 33, 3), refine=0, tile=32)
    finally:
        context.leave("3")
    assert listener.named("node_progress") == [("3", done, 8) for done in range(1, 9)]


def test_an_interrupted_node_stops_after_the_tile_at_hand(node, model):
    listener, interrupt = RecordingListener(), Interrupt()
    interrupt.set()
    context.enter(context.NodeContext("3", "SuperResolution", listener=listener, interrupt=interrupt))
    try:
        with pytest.raises(Interrupted):
            node("SuperResolution", model, torch.rand(1, 40, 40, 3), refine=0, tile=32)
    finally:
        context.leave("3")
    assert listener.events == []


@pytest.mark.parametrize("size", [(1, 1), (3, 17), (33, 32)])
def test_any_size_comes_out_four_times_as_large(node, model, size):
    made = node("SuperResolution", model, torch.rand(1, *size, 3), refine=2, tile=32)[0]
    assert made.shape == (1, 4 * size[0], 4 * size[1], 3)
    assert made.isfinite().all()
    assert made.min() >= 0
    assert made.max() <= 1


def test_transparency_is_enlarged_beside_the_colours(node, model):
    mask = torch.zeros(1, 16, 16)
    mask[:, :, 8:] = 1
    made = node("SuperResolution", model, torch.rand(1, 16, 16, 3), refine=1, tile=32, mask=mask)[0]
    assert made.shape == (1, 64, 64, 4)
    assert made[0, :, 0, 3].min() > 0.99
    assert made[0, :, -1, 3].max() < 0.01


def test_a_mask_without_transparency_gives_no_alpha(node, model):
    made = node(
        "SuperResolution", model, torch.rand(1, 8, 8, 3), refine=0, tile=32, mask=torch.zeros(1, 64, 64)
    )[0]
    assert made.shape == (1, 32, 32, 3)


def test_refining_makes_the_shrunk_result_equal_the_input(node, model):
    photo = tensor(Image.open(UPSCALE / "photo.jpg"))[:, 40:72, 40:72]
    gaps = []
    for rounds in (0, 3):
        made = node("SuperResolution", model, photo, refine=rounds, tile=32)[0].movedim(-1, 1)
        shrunk = torch.nn.functional.interpolate(made, (32, 32), mode="bicubic", antialias=True)
        gaps.append((shrunk - photo.movedim(-1, 1)).abs().mean().item())
    assert gaps[1] < gaps[0] / 2


def test_weights_with_other_bytes_are_refused(node, tmp_path, monkeypatch):
    from flowscale_runtime.nodes import folders

    (tmp_path / "rrdn-x4.safetensors").write_bytes(b"\0" * 64)
    other = folders.Folders(tmp_path, tmp_path, tmp_path, tmp_path, {"upscale_models": [tmp_path]})
    monkeypatch.setattr(folders, "_current", other)
    with pytest.raises(BadWeights, match="sha256"):
        node("SuperResolutionLoader", model_name="rrdn-x4.safetensors")


def test_the_spec_pins_the_same_weights_as_the_loader(loaded):
    found = hashlib.sha256((UPSCALE / "models/upscale_models/rrdn-x4.safetensors").read_bytes()).hexdigest()
    assert found in (UPSCALE / "flowscale.yaml").read_text()
