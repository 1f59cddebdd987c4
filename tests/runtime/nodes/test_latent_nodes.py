"""Latent nodes against values worked out by hand."""

import pytest
import torch

from flowscale_runtime.nodes.errors import NodeError
from flowscale_runtime.nodes.latent import values


def latent(*shape, **more):
    count = torch.Size(shape).numel()
    return {"samples": torch.arange(float(count)).reshape(shape), **more}


@pytest.mark.parametrize(
    ("name", "inputs", "shape"),
    [
        ("EmptyLatentImage", {"width": 512, "height": 256, "batch_size": 2}, (2, 4, 32, 64)),
        ("EmptySD3LatentImage", {"width": 512, "height": 256}, (1, 16, 32, 64)),
        ("EmptyFlux2LatentImage", {"width": 512, "height": 256}, (1, 128, 16, 32)),
        ("EmptyHunyuanLatentVideo", {"width": 848, "height": 480, "length": 25}, (1, 16, 7, 60, 106)),
        ("EmptyLTXVLatentVideo", {"width": 768, "height": 512, "length": 97}, (1, 128, 13, 16, 24)),
        ("EmptyMochiLatentVideo", {"width": 848, "height": 480, "length": 25}, (1, 12, 5, 60, 106)),
        ("EmptyChromaRadianceLatentImage", {"width": 32, "height": 16}, (1, 3, 16, 32)),
        ("EmptyQwenImageLayeredLatentImage", {"width": 640, "height": 320, "layers": 3}, (1, 16, 4, 40, 80)),
        ("EmptyAceStepLatentAudio", {"seconds": 10.0}, (1, 8, 16, 107)),
        ("EmptyAceStep1.5LatentAudio", {"seconds": 120.0}, (1, 64, 3000)),
        ("EmptyLatentAudio", {"seconds": 47.6, "batch_size": 1}, (1, 64, 1024)),
    ],
)
def test_empty_latents(node, name, inputs, shape):
    samples = node(name, **inputs)[0]["samples"]
    assert samples.shape == shape
    assert samples.abs().sum() == 0


def test_sizes_are_told_in_cells(node):
    assert node("GetLatentSize", latent=latent(2, 4, 3, 5)) == (5, 3, 1, 2)
    assert node("GetLatentSize", latent=latent(1, 4, 7, 3, 5)) == (5, 3, 7, 1)


def test_scaling_is_in_pixels_and_keeps_what_else_there_is(node):
    given = latent(1, 4, 8, 16, kind="x")
    done = node(
        "LatentUpscale", samples=given, upscale_method="nearest-exact", width=256, height=0, crop="disabled"
    )[0]
    assert done["samples"].shape == (1, 4, 16, 32)
    assert done["kind"] == "x"
    options = {"samples": given, "upscale_method": "area", "crop": "center"}
    assert node("LatentUpscale", width=128, height=128, **options)[0]["samples"].shape == (1, 4, 16, 16)
    assert node("LatentUpscale", width=0, height=0, **options)[0] is given
    assert node("LatentUpscaleBy", samples=given, upscale_method="bicubic", scale_by=1.5)[0][
        "samples"
    ].shape == (1, 4, 12, 24)
    assert node("LatentUpscaleBy", samples=latent(1, 4, 2, 8, 8), upscale_method="area", scale_by=0.5)[0][
        "samples"
    ].shape == (1, 4, 2, 4, 4)


def test_turning_between_neighbours_keeps_the_length_of_vectors():
    samples = torch.zeros(1, 2, 1, 2)
    samples[0, :, 0, 0] = torch.tensor([2.0, 0.0])
    samples[0, :, 0, 1] = torch.tensor([0.0, 2.0])
    done = values.bislerp(samples, 6, 3)
    assert done.shape == (1, 2, 3, 6)
    assert done.norm(dim=1).flatten().tolist() == pytest.approx([2.0] * 18, abs=1e-5)
    assert torch.equal(values.bislerp(samples, 2, 1), samples)


def test_cutting_flipping_turning(node):
    given = latent(1, 1, 2, 2)
    wide = latent(1, 1, 16, 16)
    assert node("LatentCrop", samples=wide, width=64, height=64, x=8, y=16)[0]["samples"][
        0, 0, 0, :2
    ].tolist() == [33, 34]
    assert node("LatentFlip", samples=given, flip_method="x-axis: vertically")[0][
        "samples"
    ].flatten().tolist() == [2, 3, 0, 1]
    assert node("LatentFlip", samples=given, flip_method="y-axis: horizontally")[0][
        "samples"
    ].flatten().tolist() == [1, 0, 3, 2]
    assert node("LatentRotate", samples=given, rotation="90 degrees")[0]["samples"].flatten().tolist() == [
        2,
        0,
        3,
        1,
    ]


def test_joining_and_cutting_along_a_dimension(node):
    one, two = latent(1, 1, 1, 2), {"samples": torch.full((1, 1, 1, 2), 9.0)}
    assert node("LatentConcat", samples1=one, samples2=two, dim="x")[0]["samples"].flatten().tolist() == [
        0,
        1,
        9,
        9,
    ]
    assert node("LatentConcat", samples1=one, samples2=two, dim="-x")[0]["samples"].flatten().tolist() == [
        9,
        9,
        0,
        1,
    ]
    assert node("LatentConcat", samples1=one, samples2=two, dim="y")[0]["samples"].shape == (1, 1, 2, 2)
    with pytest.raises(NodeError, match="no time"):
        node("LatentConcat", samples1=one, samples2=two, dim="t")
    line = latent(1, 1, 1, 5)
    assert node("LatentCut", samples=line, dim="x", index=-2, amount=9)[0]["samples"].flatten().tolist() == [
        3,
        4,
    ]
    assert node("LatentCut", samples=line, dim="x", index=1, amount=2)[0]["samples"].flatten().tolist() == [
        1,
        2,
    ]


def test_batches_remember_their_places(node):
    joined = node("LatentBatch", samples1=latent(2, 1, 2, 2), samples2=latent(1, 1, 4, 4))[0]
    assert joined["samples"].shape == (3, 1, 2, 2)
    assert joined["batch_index"] == [0, 1, 0]
    part = node(
        "LatentFromBatch",
        samples=latent(3, 1, 2, 2, noise_mask=torch.zeros(3, 1, 2, 2)),
        batch_index=1,
        length=9,
    )[0]
    assert part["samples"].shape[0] == part["noise_mask"].shape[0] == 2
    assert part["batch_index"] == [1, 2]
    repeated = node("RepeatLatentBatch", samples=part, amount=2)[0]
    assert repeated["batch_index"] == [1, 2, 3, 4]
    assert repeated["noise_mask"].shape[0] == 4
    fixed = node("LatentBatchSeedBehavior", samples=part, seed_behavior="fixed")[0]
    assert fixed["batch_index"] == [1, 1]
    assert "batch_index" not in node("LatentBatchSeedBehavior", samples=part, seed_behavior="random")[0]


def test_a_noise_mask_is_kept_beside_the_samples(node):
    done = node("SetLatentNoiseMask", samples=latent(1, 4, 2, 2), mask=torch.ones(16, 16))[0]
    assert done["noise_mask"].shape == (1, 1, 16, 16)


def test_arithmetic(node):
    one, two = {"samples": torch.full((1, 2, 1, 1), 3.0)}, {"samples": torch.full((1, 2, 1, 1), 1.0)}
    pair = {"samples1": one, "samples2": two}
    assert node("LatentAdd", **pair)[0]["samples"].unique().tolist() == [4]
    assert node("LatentSubtract", **pair)[0]["samples"].unique().tolist() == [2]
    assert node("LatentMultiply", samples=one, multiplier=-2.0)[0]["samples"].unique().tolist() == [-6]
    assert node("LatentBlend", **pair, blend_factor=0.25)[0]["samples"].unique().tolist() == [1.5]
    assert node("LatentInterpolate", **pair, ratio=0.5)[0]["samples"].flatten().tolist() == pytest.approx(
        [2.0, 2.0]
    )


def test_compositing(node):
    below, above = {"samples": torch.zeros(1, 1, 4, 4)}, {"samples": torch.ones(1, 1, 2, 2)}
    done = node("LatentComposite", samples_to=below, samples_from=above, x=8, y=8, feather=0)[0]["samples"]
    assert done.sum() == 4
    assert done[0, 0, 1, 1] == 1
    soft = node("LatentComposite", samples_to=below, samples_from=above, x=8, y=8, feather=16)[0]["samples"]
    assert soft[0, 0, 1:3, 1:3].flatten().tolist() == [0.25] * 4
    mask = torch.tensor([[[1.0, 0.0], [0.0, 0.0]]])
    done = node(
        "LatentCompositeMasked", destination=below, source=above, x=0, y=0, resize_source=False, mask=mask
    )[0]["samples"]
    assert done.sum() == 1
    assert below["samples"].sum() == 0


def test_slices_become_a_batch(node):
    done = node("LatentCutToBatch", samples=latent(1, 1, 1, 5), dim="x", slice_size=2)[0]["samples"]
    assert done.flatten(1).tolist() == [[0, 1], [2, 3]]
    assert node("LatentCutToBatch", samples=latent(1, 2, 3, 4, 4), dim="t", slice_size=1)[0][
        "samples"
    ].shape == (3, 2, 1, 4, 4)
    assert node("TrimVideoLatent", samples=latent(1, 2, 3, 4, 4), trim_amount=2)[0]["samples"].shape == (
        1,
        2,
        1,
        4,
        4,
    )


def test_batches_can_be_cut_anew(node):
    done = node("RebatchLatents", latents=[latent(3, 1, 2, 2), latent(2, 1, 2, 2)], batch_size=[2])[0]
    assert [part["samples"].shape[0] for part in done] == [2, 2, 1]
    assert done[1]["batch_index"] == [2, 0]
    many = node(
        "BatchLatentsNode", **{"latents.latent0": latent(1, 1, 2, 2), "latents.latent1": latent(1, 1, 4, 4)}
    )[0]
    assert many["samples"].shape == (2, 1, 2, 2)


def test_saved_latents_come_back_with_their_workflow(node, own_packs, place):
    from safetensors.torch import save_file

    from flowscale_runtime.nodes import weights
    from flowscale_runtime.nodes.errors import BadWeights

    given = latent(1, 4, 2, 2)
    report = own_packs.classes["SaveLatent"]().run(given, "run", prompt={"1": 2})
    path = place.output / report["ui"]["latents"][0]["filename"]
    assert weights.metadata(path) == {"prompt": '{"1": 2}'}
    (place.input / "a.latent").write_bytes(path.read_bytes())
    assert torch.equal(node("LoadLatent", latent="a.latent")[0]["samples"], given["samples"])
    save_file({"latent_tensor": torch.full((1,), 0.18215)}, place.input / "old.latent")
    assert node("LoadLatent", latent="old.latent")[0]["samples"].item() == pytest.approx(1.0)
    save_file({"other": torch.zeros(1)}, place.input / "none.latent")
    with pytest.raises(BadWeights, match="holds no latents"):
        node("LoadLatent", latent="none.latent")
