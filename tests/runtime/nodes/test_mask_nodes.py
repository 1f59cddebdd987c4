"""Mask nodes against values worked out by hand."""

import pytest
import torch


def mask(rows):
    return torch.tensor(rows, dtype=torch.float32)[None]


def rows(value):
    return [[round(item, 4) for item in row] for row in value[0].tolist()]


def test_solid_and_inverted(node):
    solid = node("SolidMask", value=0.25, width=3, height=2)[0]
    assert solid.shape == (1, 2, 3)
    assert node("InvertMask", mask=solid)[0].unique().tolist() == [0.75]


def test_masks_and_pictures_become_each_other(node):
    image = node("MaskToImage", mask=mask([[0.0, 0.5]]))[0]
    assert image.shape == (1, 1, 2, 3)
    picture = torch.tensor([[[[0.1, 0.2, 0.3, 0.4]]]])
    values = [
        node("ImageToMask", image=picture, channel=name)[0].item()
        for name in ("red", "green", "blue", "alpha")
    ]
    assert values == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert node("ImageToMask", image=picture[..., :3], channel="alpha")[0].item() == 1.0


def test_one_exact_color(node):
    picture = torch.tensor([[[[1.0, 0.0, 128 / 255], [1.0, 0.0, 127 / 255]]]])
    assert rows(node("ImageColorToMask", image=picture, color=0xFF0080)[0]) == [[1, 0]]


def test_crop(node):
    assert rows(node("CropMask", mask=mask([[1, 2], [3, 4]]), x=1, y=0, width=9, height=1)[0]) == [[2]]


@pytest.mark.parametrize(
    ("operation", "row"),
    [
        ("multiply", [0.7, 0.0, 0.14]), ("add", [0.7, 0.7, 0.9]), ("subtract", [0.7, 0.7, 0.5]),
        ("and", [0.7, 0.0, 0.0]), ("or", [0.7, 1.0, 1.0]), ("xor", [0.7, 1.0, 1.0]),
    ],
)  # fmt: skip
def test_combining_changes_only_what_is_covered(node, operation, row):
    below, above = mask([[0.7, 0.7, 0.7]]), mask([[0.0, 0.2, 1.0]])
    done = node("MaskComposite", destination=below, source=above, x=1, y=0, operation=operation)[0]
    assert rows(done) == [pytest.approx(row)]


def test_combining_outside_changes_nothing(node):
    below = mask([[0.5]])
    assert rows(node("MaskComposite", destination=below, source=below, x=5, y=5, operation="add")[0]) == [
        [0.5]
    ]


def test_feathering_rises_from_each_side(node):
    done = node("FeatherMask", mask=torch.ones(1, 1, 5), left=2, top=0, right=1, bottom=0)[0]
    assert rows(done) == [[0.5, 1, 1, 1, 1]]
    done = node("FeatherMask", mask=torch.ones(1, 4, 1), left=0, top=0, right=0, bottom=4)[0]
    assert rows(done) == [[1], [0.75], [0.5], [0.25]]
    assert node("FeatherMask", mask=torch.ones(1, 2, 2), left=99, top=0, right=0, bottom=0)[0].shape == (
        1,
        2,
        2,
    )


def test_growing_is_a_diamond_or_a_square(node):
    point = torch.zeros(1, 5, 5)
    point[0, 2, 2] = 1.0
    assert node("GrowMask", mask=point, expand=2, tapered_corners=True)[0].sum() == 13
    assert node("GrowMask", mask=point, expand=2, tapered_corners=False)[0].sum() == 25
    assert node("GrowMask", mask=point, expand=0, tapered_corners=True)[0].sum() == 1
    full = torch.ones(1, 5, 5)
    full[0, 2, 2] = 0.0
    assert node("GrowMask", mask=full, expand=-1, tapered_corners=True)[0].sum() == 20
    assert node("GrowMask", mask=point, expand=16384, tapered_corners=True)[0].sum() == 25


def test_threshold_is_strict(node):
    assert rows(node("ThresholdMask", mask=mask([[0.4, 0.5, 0.6]]), value=0.5)[0]) == [[0, 0, 1]]


def test_batches_come_at_the_size_of_the_first(node):
    done = node("BatchMasksNode", **{"masks.mask0": torch.zeros(2, 2), "masks.mask1": torch.ones(3, 4, 4)})[0]
    assert done.shape == (4, 2, 2)


def test_previews_are_pictures_of_the_mask(own_packs, place):
    from PIL import Image

    report = own_packs.classes["MaskPreview"]().run(mask([[0.0, 1.0]]))
    with Image.open(place.temp / report["ui"]["images"][0]["filename"]) as shown:
        assert [shown.getpixel((x, 0)) for x in (0, 1)] == [(0, 0, 0), (255, 255, 255)]
