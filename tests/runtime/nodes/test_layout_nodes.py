"""Grids, tiles, text on pictures, and colors taken apart."""

import pytest
import torch

from flowscale_runtime.nodes import encoding, images
from flowscale_runtime.nodes.errors import NodeError
from flowscale_runtime.nodes.image import layout


def noise(width, height, batch=1):
    return torch.rand(batch, height, width, 3, generator=torch.Generator().manual_seed(0))


def test_a_grid_has_rows_columns_and_gaps(node):
    done = node(
        "ImageGrid",
        images=[torch.ones(3, 4, 8, 3)],
        columns=[2],
        cell_width=[8],
        cell_height=[8],
        padding=[2],
    )[0]
    assert done.shape == (1, 18, 18, 3)
    assert done[0, :, 0, 0].tolist() == [0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0]
    assert done[0, :, 8:10].sum() == 0
    assert done[0, 10:, 10:].sum() == 0


@pytest.mark.parametrize(
    ("length", "tile", "overlap", "expected"),
    [(10, 4, 0, [0, 4, 6]), (8, 4, 0, [0, 4]), (10, 4, 2, [0, 2, 4, 6]), (3, 4, 1, [0])],
)
def test_tiles_cover_a_side(length, tile, overlap, expected):
    assert layout.starts(length, tile, overlap) == expected
    with pytest.raises(NodeError):
        layout.starts(10, 4, 4)


@pytest.mark.parametrize(
    ("size", "tile", "overlap"), [((100, 70), 64, 16), ((128, 64), 64, 0), ((40, 30), 64, 8)]
)
def test_a_picture_survives_being_tiled(node, size, tile, overlap):
    image = noise(*size)
    tiles = node("SplitImageToTileList", image=image, tile_width=tile, tile_height=tile, overlap=overlap)[0]
    back = node(
        "ImageMergeTileList",
        image_list=tiles,
        final_width=[size[0]],
        final_height=[size[1]],
        overlap=[overlap],
    )[0]
    assert torch.allclose(back, image, atol=1e-6)


def test_too_few_tiles_are_refused(node):
    with pytest.raises(NodeError, match="takes 4 tiles of 64x64, but there are 1"):
        node(
            "ImageMergeTileList",
            image_list=[noise(64, 64)],
            final_width=[128],
            final_height=[128],
            overlap=[0],
        )


@pytest.mark.parametrize(("position", "align"), [("top", "left"), ("bottom", "right"), ("top", "center")])
def test_text_is_written_where_it_is_wanted(node, position, align):
    image = torch.zeros(1, 64, 96, 3)
    done = node(
        "TextOverlay",
        images=image,
        text="Hi",
        font_size=20.0,
        color="#ff0000",
        position=position,
        align=align,
        outline=False,
    )[0]
    drawn = done[0, :, :, 0] > 0.5
    rows, columns = drawn.any(1).nonzero(), drawn.any(0).nonzero()
    assert done[..., 1:].max() == 0
    assert (rows.max() < 32) if position == "top" else (rows.min() > 32)
    middle = (columns.min() + columns.max()).item() / 2
    assert {"left": middle < 32, "right": middle > 64, "center": abs(middle - 47.5) < 3}[align]


def test_long_text_is_wrapped_and_none_changes_nothing(node):
    image = torch.zeros(1, 64, 64, 4)
    style = {"font_size": 12.0, "color": "#ffffff", "position": "top", "align": "left", "outline": True}
    done = node("TextOverlay", images=image, text="one two three four", **style)[0]
    assert (done[0, 20:, :, :3] > 0.5).any()
    assert done[..., 3].max() == 0
    assert node("TextOverlay", images=image, text=" ", **style)[0] is image


def test_random_crops_follow_their_seed(node):
    image = noise(32, 32)
    one, again = (node("RandomCropImages", images=image, width=8, height=6, seed=3)[0] for _ in range(2))
    assert torch.equal(one, again)
    assert one.shape == (1, 6, 8, 3)
    assert (
        len(
            {
                node("RandomCropImages", images=image, width=8, height=6, seed=seed)[0].sum().item()
                for seed in range(8)
            }
        )
        > 1
    )
    assert node("RandomCropImages", images=image, width=99, height=99, seed=0)[0].shape == image.shape


def test_colors_survive_being_taken_apart(node):
    image = noise(8, 8, batch=2)
    y, u, v = node("ImageRGBToYUV", image=image)
    assert y.shape == u.shape == v.shape == image.shape
    assert torch.allclose(node("ImageYUVToRGB", Y=y, U=u, V=v)[0], image, atol=1e-5)
    white = node("ImageRGBToYUV", image=torch.ones(1, 1, 1, 3))
    assert [part[0, 0, 0, 0].item() for part in white] == pytest.approx([1.0, 0.5, 0.5], abs=1e-5)


def test_a_format_that_cannot_hold_a_picture_says_so(tmp_path):
    with pytest.raises(NodeError, match="1x70000 can't be saved as jpg") as caught:
        encoding.save(images.to_pil(torch.zeros(70000, 1, 3)), tmp_path / "a.jpg")
    assert "choose png" in caught.value.hint
