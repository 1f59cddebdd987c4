"""Picture nodes against values worked out by hand or by Pillow."""

import json

import numpy
import pytest
import torch
from PIL import Image, ImageFilter

from flowscale_runtime.nodes import tensors
from flowscale_runtime.nodes.errors import NodeError
from flowscale_runtime.nodes.image import color, filters, geometry


def ramp(width, height, channels=3):
    count = width * height * channels
    return (torch.arange(count, dtype=torch.float32) / max(1, count - 1)).reshape(1, height, width, channels)


def gray(rows):
    return torch.tensor(rows, dtype=torch.float32)[None, :, :, None].repeat(1, 1, 1, 3)


def flat(images, channel=0):
    return [[round(value, 4) for value in row] for row in images[0, :, :, channel].tolist()]


def test_invert(node):
    assert flat(node("ImageInvert", image=gray([[0.0, 0.25, 1.0]]))[0]) == [[1.0, 0.75, 0.0]]


def test_nearest_and_area_scaling(node):
    image = gray([[0.0, 1.0], [0.5, 0.25]])
    double = node(
        "ImageScale", image=image, upscale_method="nearest-exact", width=4, height=2, crop="disabled"
    )[0]
    assert flat(double) == [[0, 0, 1, 1], [0.5, 0.5, 0.25, 0.25]]
    half = node("ImageScaleBy", image=image, upscale_method="area", scale_by=0.5)[0]
    assert flat(half) == [[0.4375]]


def test_bilinear_scaling_matches_the_formula(node):
    double = node("ImageScaleBy", image=gray([[0.0, 1.0]]), upscale_method="bilinear", scale_by=2.0)[0]
    assert flat(double) == [[0.0, 0.25, 0.75, 1.0]] * 2


def test_lanczos_agrees_with_pillow_to_a_level(node):
    source = torch.rand(1, 20, 30, 3, generator=torch.Generator().manual_seed(1)) * 0.4 + 0.3
    ours = node("ImageScale", image=source, upscale_method="lanczos", width=45, height=25, crop="disabled")[0]
    bytes_ = (source[0] * 255).round().to(torch.uint8).numpy()
    theirs = numpy.asarray(Image.fromarray(bytes_).resize((45, 25), Image.Resampling.LANCZOS)) / 255
    assert numpy.abs(ours[0].numpy() - theirs).max() < 1.6 / 255


def test_center_crop_keeps_the_aspect(node):
    image = gray([[0.0, 0.2, 0.4, 0.6]])
    done = node("ImageScale", image=image, upscale_method="nearest-exact", width=2, height=1, crop="center")[
        0
    ]
    assert flat(done) == [[0.2, 0.4]]


def test_a_side_of_zero_keeps_the_aspect(node):
    image = torch.zeros(1, 10, 20, 3)
    options = {"image": image, "upscale_method": "area", "crop": "disabled"}
    assert node("ImageScale", width=0, height=5, **options)[0].shape == (1, 5, 10, 3)
    assert node("ImageScale", width=40, height=0, **options)[0].shape == (1, 20, 40, 3)
    assert node("ImageScale", width=0, height=0, **options)[0] is image


@pytest.mark.parametrize(
    ("name", "options", "shape"),
    [
        (
            "ImageScaleToTotalPixels",
            {"upscale_method": "area", "megapixels": 0.01, "resolution_steps": 1},
            (72, 145),
        ),
        (
            "ImageScaleToTotalPixels",
            {"upscale_method": "area", "megapixels": 0.01, "resolution_steps": 16},
            (80, 144),
        ),
        ("ImageScaleToMaxDimension", {"upscale_method": "area", "largest_size": 50}, (25, 50)),
        ("ResizeImagesByLongerEdge", {"longer_edge": 50}, (25, 50)),
        ("ResizeImagesByShorterEdge", {"shorter_edge": 10}, (10, 20)),
        ("FluxKontextImageScale", {}, (720, 1456)),
        (
            "ResizeAndPadImage",
            {"target_width": 30, "target_height": 30, "padding_color": "white", "interpolation": "area"},
            (30, 30),
        ),
        ("CenterCropImages", {"width": 10, "height": 8}, (8, 10)),
    ],
)
def test_sizes(node, name, options, shape):
    key = "images" if name.startswith(("ResizeImages", "Center")) else "image"
    done = node(name, **{key: torch.zeros(2, 10, 20, 3)}, **options)[0]
    assert done.shape == (2, *shape, 3)


@pytest.mark.parametrize(
    ("way", "options", "size"),
    [
        ("scale dimensions", {"width": 8, "height": 6, "crop": "center"}, (8, 6)),
        ("scale by multiplier", {"multiplier": 0.5}, (10, 5)),
        ("scale longer dimension", {"longer_size": 40}, (40, 20)),
        ("scale shorter dimension", {"shorter_size": 5}, (10, 5)),
        ("scale width", {"width": 10}, (10, 5)),
        ("scale height", {"height": 20}, (40, 20)),
        ("scale total pixels", {"megapixels": 0.01}, (145, 72)),
        ("match size", {"match": torch.zeros(1, 3, 7, 3), "crop": "disabled"}, (7, 3)),
        ("scale to multiple", {"multiple": 8}, (16, 8)),
    ],
)
def test_every_way_to_resize_works_on_pictures_and_masks(node, way, options, size):
    given = {f"resize_type.{key}": value for key, value in options.items()} | {"resize_type": way}
    for value, tail in ((torch.zeros(2, 10, 20, 3), (3,)), (torch.zeros(2, 10, 20), ())):
        done = node("ResizeImageMaskNode", input=value, scale_method="area", **given)[0]
        assert done.shape == (2, size[1], size[0], *tail)


def test_an_unknown_way_to_resize_names_the_known_ones(node):
    with pytest.raises(NodeError, match="no way to resize") as caught:
        node("ResizeImageMaskNode", input=torch.zeros(1, 2, 2, 3), scale_method="area", resize_type="shrink")
    assert "scale width" in caught.value.hint


def test_padding_fills_around_the_middle(node):
    done = node(
        "ResizeAndPadImage", image=torch.zeros(1, 1, 2, 3), target_width=2, target_height=3,
        padding_color="white", interpolation="area",
    )[0]  # fmt: skip
    assert flat(done) == [[1, 1], [0, 0], [1, 1]]


def test_crop_stays_inside(node):
    image = ramp(4, 4)
    assert torch.equal(node("ImageCrop", image=image, width=2, height=1, x=1, y=2)[0], image[:, 2:3, 1:3])
    assert node("ImageCrop", image=image, width=50, height=50, x=3, y=3)[0].shape == (1, 1, 1, 3)
    assert node("ImageCrop", image=image, width=5, height=5, x=90, y=90)[0].shape == (1, 1, 1, 3)
    box = {"x": 2, "y": 0, "width": 9, "height": 2}
    assert torch.equal(node("ImageCropV2", image=image, crop_region=box)[0], image[:, :2, 2:])


def test_flip_and_rotate(node):
    image = gray([[0.1, 0.2], [0.3, 0.4]])
    assert flat(node("ImageFlip", image=image, flip_method="x-axis: vertically")[0]) == [
        [0.3, 0.4],
        [0.1, 0.2],
    ]
    assert flat(node("ImageFlip", image=image, flip_method="y-axis: horizontally")[0]) == [
        [0.2, 0.1],
        [0.4, 0.3],
    ]
    assert flat(node("ImageRotate", image=image, rotation="90 degrees")[0]) == [[0.3, 0.1], [0.4, 0.2]]
    assert flat(node("ImageRotate", image=image, rotation="180 degrees")[0]) == [[0.4, 0.3], [0.2, 0.1]]
    assert flat(node("ImageRotate", image=image, rotation="270 degrees")[0]) == [[0.2, 0.4], [0.1, 0.3]]


def test_outpainting_pads_gray_and_masks_the_new_part(node):
    image, mask = node(
        "ImagePadForOutpaint", image=torch.ones(1, 8, 8, 3), left=2, top=0, right=0, bottom=1, feathering=0
    )
    assert image.shape == (1, 9, 10, 3)
    assert image[0, 8, 0].tolist() == [0.5] * 3
    assert mask.shape == (1, 9, 10)
    assert mask.sum().item() == 2 * 8 + 10


def test_outpainting_fades_only_at_padded_sides():
    fade = geometry.feathered(8, 8, (2, 0, 0, 0), 2)
    assert fade[4].tolist() == [1.0, 0.25, 0, 0, 0, 0, 0, 0]
    assert geometry.feathered(8, 8, (2, 2, 2, 2), 4).sum() == 0  # too wide for the picture


@pytest.mark.parametrize(
    ("direction", "row"),
    [("right", [0.0, 1.0, 1.0, 0.5]), ("left", [0.5, 1.0, 1.0, 0.0])],
)
def test_stitching_in_a_row(node, direction, row):
    done = node(
        "ImageStitch", image1=gray([[0.0]]), image2=gray([[0.5]]), direction=direction,
        match_image_size=True, spacing_width=1, spacing_color="white",
    )[0]  # fmt: skip
    assert flat(done) == [row]  # an odd spacing is made even


def test_stitching_pads_or_matches_other_sizes(node):
    options = {
        "image1": torch.ones(1, 4, 4, 3),
        "image2": torch.ones(2, 2, 2, 4),
        "spacing_width": 0,
        "spacing_color": "red",
    }
    matched = node("ImageStitch", direction="down", match_image_size=True, **options)[0]
    assert matched.shape == (2, 8, 4, 4)
    padded = node("ImageStitch", direction="down", match_image_size=False, **options)[0]
    assert padded.shape == (2, 6, 4, 4)
    assert padded[0, 4, :, 0].tolist() == [0, 1, 1, 0]
    assert (
        node("ImageStitch", **{**options, "image2": None}, direction="up", match_image_size=True)[0].shape[0]
        == 1
    )


def test_image_size(node):
    assert node("GetImageSize", image=torch.zeros(5, 3, 4, 3)) == (4, 3, 5)


def test_empty_image_takes_a_color(node):
    done = node("EmptyImage", width=2, height=1, batch_size=3, color=0xFF8000)[0]
    assert done.shape == (3, 1, 2, 3)
    assert done[0, 0, 0].tolist() == pytest.approx([1.0, 128 / 255, 0.0])


def test_batches_join_at_the_size_of_the_first(node):
    one, two = torch.zeros(1, 4, 4, 3), torch.ones(2, 8, 8, 4)
    joined = node("ImageBatch", image1=one, image2=two)[0]
    assert joined.shape == (3, 4, 4, 4)
    assert joined[0, 0, 0].tolist() == [0, 0, 0, 1]
    many = node("BatchImagesNode", **{"images.image0": one, "images.image1": two, "images.image2": one})[0]
    assert many.shape[0] == 4
    assert node("BatchImagesNode", images={"image0": one, "image1": one})[0].shape[0] == 2
    with pytest.raises(NodeError):
        node("BatchImagesNode")


def test_parts_and_repeats_of_batches(node):
    batch = torch.arange(4.0).reshape(4, 1, 1, 1).repeat(1, 1, 1, 3)

    def firsts(images):
        return images[:, 0, 0, 0].tolist()

    assert firsts(node("ImageFromBatch", image=batch, batch_index=1, length=2)[0]) == [1, 2]
    assert firsts(node("ImageFromBatch", image=batch, batch_index=9, length=2)[0]) == [3]
    assert firsts(node("RepeatImageBatch", image=batch[:2], amount=2)[0]) == [0, 1, 0, 1]
    groups = node("RebatchImages", images=[batch[:3], batch[3:]], batch_size=[2])[0]
    assert [firsts(group) for group in groups] == [[0, 1], [2, 3]]


@pytest.mark.parametrize(
    ("mode", "value"),
    [
        ("normal", 0.4),
        ("multiply", 0.32),
        ("screen", 0.88),
        ("overlay", 0.76),
        ("difference", 0.4),
        ("soft_light", 0.768),
    ],
)
def test_blend_modes(node, mode, value):
    done = node("ImageBlend", image1=gray([[0.8]]), image2=gray([[0.4]]), blend_factor=1.0, blend_mode=mode)[
        0
    ]
    assert done[0, 0, 0, 0].item() == pytest.approx(value, abs=1e-4)


def test_blend_weighs_fits_and_clips(node):
    done = node(
        "ImageBlend",
        image1=torch.zeros(1, 2, 2, 3),
        image2=torch.ones(2, 4, 4, 3),
        blend_factor=0.25,
        blend_mode="normal",
    )[0]
    assert done.shape == (2, 2, 2, 3)
    assert done.unique().tolist() == [0.25]
    dark = node(
        "ImageBlend", image1=gray([[0.2]]), image2=gray([[0.9]]), blend_factor=1.0, blend_mode="difference"
    )[0]
    assert dark.max() == 0


def test_quantizing_leaves_few_colors(node):
    image = ramp(16, 16)
    for dither in color.DITHERS:
        done = node("ImageQuantize", image=image, colors=4, dither=dither)[0]
        assert done.shape == image.shape
        assert len(torch.unique(done.reshape(-1, 3), dim=0)) <= 4
    assert not torch.equal(
        node("ImageQuantize", image=image, colors=4, dither="none")[0],
        node("ImageQuantize", image=image, colors=4, dither="bayer-4")[0],
    )


def test_the_bayer_matrix_is_the_known_one():
    assert (color.bayer(2) * 4).tolist() == [[0, 2], [3, 1]]
    assert (color.bayer(4) * 16).tolist() == [[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]


def test_adjustments_leave_alpha_alone(node):
    image = torch.tensor([[[[0.2, 0.4, 0.9, 0.3]]]])
    bright = node("AdjustBrightness", image=image, factor=2.0)[0]
    assert bright[0, 0, 0].tolist() == pytest.approx([0.4, 0.8, 1.0, 0.3])
    hard = node("AdjustContrast", image=image, factor=2.0)[0]
    assert hard[0, 0, 0].tolist() == pytest.approx([0.0, 0.3, 1.0, 0.3])
    normal = node("NormalizeImages", image=image, mean=0.5, std=0.5)[0]
    assert normal[0, 0, 0].tolist() == pytest.approx([-0.6, -0.2, 0.8, 0.3])


def test_colors_as_numbers(node):
    assert node("ColorToRGBInt", color="#ff8000") == (0xFF8000, "#ff8000", 1.0)
    assert node("ColorToRGBInt", color="#00000080") == (0, "#000000", pytest.approx(128 / 255))
    with pytest.raises(NodeError, match="no color"):
        node("ColorToRGBInt", color="red")


def test_blur_spreads_a_point_and_keeps_its_sum(node):
    image = torch.zeros(1, 9, 9, 3)
    image[0, 4, 4] = 1.0
    done = node("ImageBlur", image=image, blur_radius=2, sigma=1.0)[0]
    assert done[0, :, :, 0].sum().item() == pytest.approx(1.0, abs=1e-5)
    assert done[0, 4, 4, 0] > done[0, 4, 5, 0] > done[0, 4, 6, 0] > 0 == done[0, 4, 7, 0]
    with pytest.raises(NodeError, match="radius of 9 is too large"):
        node("ImageBlur", image=image, blur_radius=9, sigma=1.0)


def test_sharpening_leaves_flat_parts_and_steepens_edges(node):
    image = gray([[0.3, 0.3, 0.3, 0.6, 0.6, 0.6]] * 4)
    done = node("ImageSharpen", image=image, sharpen_radius=1, sigma=1.0, alpha=0.1)[0]
    assert done[0, 1, 0, 0].item() == pytest.approx(0.3, abs=1e-5)
    assert done[0, 1, 2, 0] < 0.3
    assert done[0, 1, 3, 0] > 0.6


def test_canny_draws_a_thin_line_along_an_edge(node):
    image = torch.zeros(1, 16, 16, 3)
    image[:, :, 8:] = 1.0
    edges = node("Canny", image=image, low_threshold=0.1, high_threshold=0.3)[0]
    assert edges.shape == image.shape
    assert set(edges.unique().tolist()) == {0.0, 1.0}
    drawn = edges[0, 4:12, :, 0].sum(1)
    assert drawn.min() >= 1
    assert drawn.max() <= 2
    assert edges[0, :, :6].sum() == 0
    assert node("Canny", image=torch.ones_like(image), low_threshold=0.1, high_threshold=0.3)[0].sum() == 0


def test_canny_keeps_weak_edges_only_where_they_touch_strong_ones():
    weak = torch.tensor([[[[1, 1, 0, 1]]]], dtype=torch.bool)
    strong = torch.tensor([[[[1, 0, 0, 0]]]], dtype=torch.bool)
    assert filters._connected(weak, strong).int().tolist() == [[[[1, 1, 0, 0]]]]


def test_morphology_agrees_with_pillow():
    values = torch.randint(0, 256, (1, 1, 12, 15), generator=torch.Generator().manual_seed(3)).float()
    pil = Image.fromarray(values[0, 0].to(torch.uint8).numpy())
    inner = (slice(None), slice(None), slice(1, -1), slice(1, -1))
    for ours, theirs in (
        (filters.dilate, ImageFilter.MaxFilter(3)),
        (filters.erode, ImageFilter.MinFilter(3)),
    ):
        wanted = torch.from_numpy(numpy.array(pil.filter(theirs))).float()[None, None]
        assert torch.equal(ours(values, 3)[inner], wanted[inner])


@pytest.mark.parametrize(
    ("operation", "row"),
    [
        ("dilate", [0, 1, 1, 1, 0]), ("erode", [0, 0, 0, 0, 0]), ("open", [0, 0, 0, 0, 0]),
        ("close", [0, 0, 1, 0, 0]), ("gradient", [0, 1, 1, 1, 0]), ("top_hat", [0, 0, 1, 0, 0]),
        ("bottom_hat", [0, 0, 0, 0, 0]),
    ],
)  # fmt: skip
def test_morphology_of_a_line(node, operation, row):
    image = gray([[0, 0, 1, 0, 0]] * 5)
    assert flat(node("Morphology", image=image, operation=operation, kernel_size=3)[0])[2] == row


def test_noise_follows_its_seed_and_spares_alpha(node):
    image = torch.full((1, 8, 8, 4), 0.5)
    one, again, other = (node("ImageAddNoise", image=image, seed=seed, strength=0.1)[0] for seed in (7, 7, 8))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert torch.equal(one[..., 3], image[..., 3])


def test_composite_places_cuts_and_mixes(node):
    below, above = torch.zeros(1, 4, 4, 3), torch.ones(1, 2, 2, 3)
    done = node("ImageCompositeMasked", destination=below, source=above, x=3, y=1, resize_source=False)[0]
    assert flat(done) == [[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]]
    mask = torch.tensor([[[1.0, 0.0], [0.5, 0.0]]])
    done = node(
        "ImageCompositeMasked", destination=below, source=above, x=0, y=0, resize_source=False, mask=mask
    )[0]
    assert flat(done)[:2] == [[1, 0, 0, 0], [0.5, 0, 0, 0]]
    assert (
        node("ImageCompositeMasked", destination=below, source=above, x=0, y=0, resize_source=True)[0].min()
        == 1
    )
    assert below.sum() == 0  # inputs are left as they were


def test_composite_takes_pictures_of_other_channels(node):
    clear = torch.zeros(1, 2, 2, 4)
    done = node(
        "ImageCompositeMasked",
        destination=clear,
        source=torch.ones(1, 1, 1, 3),
        x=0,
        y=0,
        resize_source=False,
    )[0]
    assert done[0, 0, 0].tolist() == [1, 1, 1, 1]
    done = node(
        "ImageCompositeMasked",
        destination=torch.zeros(1, 2, 2, 3),
        source=torch.ones(2, 1, 1, 4),
        x=0,
        y=0,
        resize_source=False,
    )[0]
    assert done.shape == (1, 2, 2, 3)


def test_alpha_joins_and_splits(node):
    image, mask = ramp(2, 2), torch.tensor([[[0.0, 1.0], [0.25, 0.5]]])
    joined = node("JoinImageWithAlpha", image=image, alpha=mask)[0]
    assert joined[0, :, :, 3].tolist() == [[1.0, 0.0], [0.75, 0.5]]
    colors, back = node("SplitImageWithAlpha", image=joined)
    assert torch.equal(colors, image)
    assert torch.equal(back, mask)
    assert node("SplitImageWithAlpha", image=image)[1].sum() == 0


@pytest.mark.parametrize(
    ("mode", "color", "transparent"),
    [
        ("SRC", 1.0, 0.5),
        ("DST", 0.0, 0.0),
        ("SRC_OVER", 0.5, 0.0),
        ("CLEAR", 0.0, 1.0),
        ("DST_OUT", 0.0, 0.5),
    ],
)
def test_porter_duff_rules(node, mode, color, transparent):
    one = torch.ones(1, 1, 1, 3)
    image, mask = node(
        "PorterDuffImageComposite", source=one, source_alpha=torch.full((1, 1, 1), 0.5),
        destination=one * 0, destination_alpha=torch.zeros(1, 1, 1), mode=mode,
    )  # fmt: skip
    assert image[0, 0, 0, 0].item() == pytest.approx(color)
    assert mask.item() == pytest.approx(transparent)


def test_painting_covers_where_there_is_paint(node, place):
    paint = Image.new("RGBA", (2, 1), (255, 0, 0, 255))
    paint.putpixel((1, 0), (0, 0, 0, 0))
    paint.save(place.temp / "paint.png")
    image, mask = node("Painter", mask="paint.png [temp]", width=2, height=1, bg_color="#0000ff")
    assert image[0, 0].tolist() == [[1, 0, 0], [0, 0, 1]]
    assert mask.tolist() == [[[1.0, 0.0]]]
    plain, none = node("Painter", mask="", width=64, height=64, bg_color="#0000ff")
    assert (plain[0, 0, 0].tolist(), none.sum()) == ([0, 0, 1], 0)


def test_saved_pictures_come_back_and_carry_their_workflow(node, place, own_packs):
    image = (ramp(5, 4) * 255).round() / 255
    cls = own_packs.classes["SaveImage"]
    report = cls().run(
        image.repeat(2, 1, 1, 1),
        "a/b",
        prompt={"1": {"class_type": "X"}},
        extra_pnginfo={"workflow": {"id": 1}},
    )
    names = [entry["filename"] for entry in report["ui"]["images"]]
    assert names == ["b_00001_.png", "b_00002_.png"]
    assert report["ui"]["images"][0]["subfolder"] == "a"
    with Image.open(place.output / "a" / names[0]) as saved:
        assert json.loads(saved.text["prompt"]) == {"1": {"class_type": "X"}}
        assert json.loads(saved.text["workflow"]) == {"id": 1}
    loaded, _ = node("LoadImageOutput", image=f"a/{names[1]}")
    assert torch.equal(loaded, image)


def test_previews_go_to_the_temp_folder(own_packs, place):
    report = own_packs.classes["PreviewImage"]().run(ramp(2, 2))
    assert report["ui"]["images"][0]["type"] == "temp"
    assert len(list(place.temp.iterdir())) == 1
    assert list(place.output.iterdir()) == []
    shown = own_packs.classes["ImageCompare"]().run(image_a=ramp(2, 2))
    assert [len(shown["ui"][key]) for key in ("a_images", "b_images")] == [1, 0]


def test_webp_and_avif_keep_the_workflow_in_exif(place):
    from flowscale_runtime.nodes import encoding, images

    for suffix in ("webp", "avif"):
        path = place.output / f"a.{suffix}"
        encoding.save(
            images.to_pil(ramp(8, 8)[0]),
            path,
            metadata={"prompt": {"1": 2}, "workflow": {"a": "é"}, "more": 3},
        )
        with Image.open(path) as saved:
            tags = saved.getexif()
        assert tags[0x0110] == 'prompt:{"1": 2}'
        assert tags[0x010F] == 'workflow:{"a": "\\u00e9"}'
        assert tags[0x010E] == "more:3"


@pytest.mark.parametrize(
    ("name", "options", "suffix"),
    [
        ("SaveAnimatedWEBP", {"fps": 10.0, "lossless": True, "quality": 80, "method": "default"}, ".webp"),
        ("SaveAnimatedPNG", {"fps": 10.0, "compress_level": 4}, ".png"),
    ],
)
def test_animations_keep_every_frame_and_the_workflow(own_packs, place, name, options, suffix):
    frames = torch.stack([torch.full((4, 4, 3), value / 3) for value in range(4)])
    report = own_packs.classes[name]().run(frames, "run", prompt={"1": 1}, **options)
    assert report["ui"]["animated"] == (True,)
    path = place.output / report["ui"]["images"][0]["filename"]
    assert path.suffix == suffix
    with Image.open(path) as saved:
        saved.load()
        assert (saved.n_frames, saved.info["duration"]) == (4, 100)
    assert b'{"1": 1}' in path.read_bytes()
    from flowscale_runtime.nodes import images

    assert torch.equal(images.load(path).image, frames)


def test_advanced_saving_picks_the_format(own_packs, place):
    for kind in ("png", "avif"):
        report = own_packs.classes["SaveImageAdvanced"]().run(ramp(8, 8), "run", format=kind)
        assert report["ui"]["images"][0]["filename"].endswith(kind)
    with pytest.raises(NodeError, match="exr"):
        own_packs.classes["SaveImageAdvanced"]().run(ramp(8, 8), "run", format="exr")


def test_loading_one_channel_as_a_mask(node, place):
    Image.new("RGBA", (1, 1), (255, 0, 51, 0)).save(place.input / "a.png")
    values = {
        channel: node("LoadImageMask", image="a.png", channel=channel)[0].item()
        for channel in ("alpha", "red", "green", "blue")
    }
    assert values == pytest.approx({"alpha": 1.0, "red": 1.0, "green": 0.0, "blue": 0.2})


def test_the_content_of_an_input_counts_not_its_name(own_packs, place):
    cls = own_packs.classes["LoadImage"]
    for name in ("a.png", "b.png"):
        Image.new("RGB", (1, 1)).save(place.input / name)
    assert cls.IS_CHANGED("a.png") == cls.IS_CHANGED("b.png")
    Image.new("RGB", (2, 2)).save(place.input / "b.png")
    assert cls.IS_CHANGED("a.png") != cls.IS_CHANGED("b.png")


def test_the_same_pictures_are_the_same_bytes(own_packs, place):
    for name, options in (("SaveImage", {}), ("SaveAnimatedPNG", {"fps": 6.0, "compress_level": 4})):
        paths = [
            place.output
            / own_packs.classes[name]().run(ramp(9, 9), "same", **options)["ui"]["images"][0]["filename"]
            for _ in range(2)
        ]
        assert paths[0] != paths[1]
        assert paths[0].read_bytes() == paths[1].read_bytes()


def test_shared_arithmetic():
    assert tensors.int_color(0x0000FF) == (0.0, 0.0, 1.0)
    assert tensors.hex_color("#000000ff")[3] == 1.0
    assert tensors.repeat_to(torch.tensor([[1.0], [2.0]]), 3).flatten().tolist() == [1, 2, 1]
    assert tensors.with_channels(torch.zeros(1, 1, 1, 1), 4)[0, 0, 0].tolist() == [0, 0, 0, 1]
    with pytest.raises(NodeError, match="0x4 is no size"):
        tensors.scale(torch.zeros(1, 2, 2, 3), 0, 4, "area")
