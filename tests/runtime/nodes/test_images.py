"""Decoding of picture files: every common kind, and hostile ones."""

import io
import struct
import zlib

import numpy
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from flowscale_runtime.nodes import encoding, images
from flowscale_runtime.nodes.errors import BadImage

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def picture(size=(3, 2), mode="RGB"):
    made = Image.new("RGB", size, RED)
    made.putpixel((size[0] - 1, size[1] - 1), BLUE)
    return made.convert(mode)


def encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def load(tmp_path, data, name="a.png"):
    path = tmp_path / name
    path.write_bytes(data)
    return images.load(path)


@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP", "TIFF"])
def test_exact_formats_give_the_very_pixels(tmp_path, kind):
    loaded = load(tmp_path, encoded(picture(), kind))
    assert loaded.image.shape == (1, 2, 3, 3)
    assert loaded.image.dtype == torch.float32
    assert loaded.image[0, 0, 0].tolist() == [1.0, 0.0, 0.0]
    assert loaded.image[0, 1, 2].tolist() == [0.0, 0.0, 1.0]


def test_lossless_webp_gives_the_very_pixels(tmp_path):
    assert load(tmp_path, encoded(picture(), "WEBP", lossless=True)).image[0, 1, 2].tolist() == [
        0.0,
        0.0,
        1.0,
    ]


@pytest.mark.parametrize("suffix", ["jpg", "jpeg", "webp", "avif", "heif"])
def test_lossy_formats_come_back_close(tmp_path, suffix):
    steps = torch.linspace(0, 1, 64).expand(64, 64)
    wanted = torch.stack([steps, steps.T, torch.full((64, 64), 0.5)], -1)
    path = tmp_path / f"a.{suffix}"
    encoding.save(images.to_pil(wanted), path, quality=95)
    assert (images.load(path).image[0] - wanted).abs().mean() < 0.02


@pytest.mark.parametrize("suffix", ["png", "webp", "heif"])
def test_saved_without_loss_every_level_survives(tmp_path, suffix):
    levels = torch.arange(256).reshape(16, 16, 1).expand(16, 16, 3) / 255
    path = tmp_path / f"a.{suffix}"
    encoding.save(images.to_pil(levels), path, lossless=True)
    assert torch.equal(images.load(path).image[0], levels)


def test_transparency_is_the_mask_whatever_the_mode(tmp_path):
    rgba = Image.new("RGBA", (2, 1), (255, 255, 255, 255))
    rgba.putpixel((1, 0), (10, 20, 30, 0))
    palette = Image.new("P", (2, 1))
    palette.putpalette([*WHITE, 10, 20, 30])
    palette.putpixel((1, 0), 1)
    for data in (
        encoded(rgba, "PNG"),
        encoded(palette, "PNG", transparency=1),
        encoded(rgba.convert("LA"), "PNG"),
    ):
        assert load(tmp_path, data).mask[0].tolist() == [[0.0, 1.0]]


def test_a_picture_without_transparency_has_the_small_empty_mask(tmp_path):
    mask = load(tmp_path, encoded(picture(), "PNG")).mask
    assert mask.shape == (1, 64, 64)
    assert mask.sum() == 0


def test_sixteen_bits_are_kept(tmp_path):
    values = numpy.array([[0, 32768, 65535]], dtype="uint16")
    loaded = load(tmp_path, encoded(Image.fromarray(values), "PNG"))
    assert loaded.image[0, 0, :, 0].tolist() == pytest.approx([0.0, 32768 / 65535, 1.0])


def test_floating_point_pictures_are_clipped_and_cleaned(tmp_path):
    values = numpy.array([[-1.0, 0.25, 7.0, float("nan")]], dtype="float32")
    loaded = load(tmp_path, encoded(Image.fromarray(values), "TIFF"))
    assert loaded.image[0, 0, :, 0].tolist() == [0.0, 0.25, 1.0, 0.0]


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr", "LAB", "HSV"])
def test_every_mode_becomes_rgb(tmp_path, mode):
    kind = "TIFF" if mode in {"CMYK", "YCbCr", "LAB"} else "PNG"
    made = (
        Image.new("RGB", (4, 4), WHITE).convert(mode)
        if mode != "LAB"
        else Image.new("LAB", (4, 4), (255, 128, 128))
    )
    data = encoded(made.convert("RGB") if mode == "HSV" else made, kind)
    assert load(tmp_path, data).image.mean().item() == pytest.approx(1.0, abs=0.02)


def test_photos_are_turned_upright(tmp_path):
    tags = Image.Exif()
    tags[0x0112] = 6  # to be turned clockwise
    stored = Image.new("RGB", (16, 8), RED)
    stored.paste(BLUE, (0, 0, 8, 8))  # the left half: on top once it is turned
    loaded = load(tmp_path, encoded(stored, "PNG", exif=tags))
    assert loaded.image.shape == (1, 16, 8, 3)
    assert loaded.image[0, 0, 0].tolist() == [0.0, 0.0, 1.0]
    assert loaded.image[0, 15, 0].tolist() == [1.0, 0.0, 0.0]


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_animations_become_a_batch(tmp_path, kind):
    rest = [Image.new("RGB", (4, 4), color) for color in (GREEN, BLUE)]
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(Image.new("RGB", (4, 4), RED), kind, save_all=True, append_images=rest, **options)
    loaded = load(tmp_path, data)
    assert loaded.image.shape == (3, 4, 4, 3)
    assert loaded.image[:, 0, 0].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert loaded.mask.shape[0] == 3


def test_pages_of_another_size_are_left_out(tmp_path):
    data = encoded(picture((4, 4)), "TIFF", save_all=True, append_images=[picture((2, 2)), picture((4, 4))])
    assert load(tmp_path, data).image.shape == (2, 4, 4, 3)


def bomb(width, height):
    def chunk(kind, content):
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("size", [(100_000, 1000), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_bombs_are_refused_by_their_header(size):
    with pytest.raises(BadImage) as caught:
        images.frames(bomb(*size), "bomb.png")
    assert str(caught.value).startswith("bomb.png: ")
    assert caught.value.hint


def test_the_limits_are_the_callers_choice():
    data = encoded(picture((10, 10)), "PNG")
    assert len(images.frames(data, limits=images.Limits(pixels=100))) == 1
    with pytest.raises(BadImage, match="10x10 is more than 99 pixels"):
        images.frames(data, limits=images.Limits(pixels=99))


def test_too_many_frames_are_refused():
    rest = [Image.new("RGB", (4, 4), (index, 0, 0)) for index in range(1, 9)]
    data = encoded(Image.new("RGB", (4, 4)), "GIF", save_all=True, append_images=rest)
    assert len(images.frames(data)) == 9
    with pytest.raises(BadImage, match="too many frames"):
        images.frames(data, limits=images.Limits(frames=8))
    with pytest.raises(BadImage, match="too many frames"):
        images.frames(data, limits=images.Limits(all_pixels=16 * 8))


@pytest.mark.parametrize(
    ("data", "why"),
    [(b"", "the file is empty"), (b"hello", "not an image"), (b"\x89PNG\r\n\x1a\n", "not an image|damaged")],
)
def test_what_is_no_picture_says_so(data, why):
    with pytest.raises(BadImage, match=why):
        images.frames(data, "a.png")


SAMPLES = {
    kind: encoded(picture((40, 30)), kind) for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "AVIF")
}


@pytest.mark.filterwarnings("ignore")
@given(kind=st.sampled_from(sorted(SAMPLES)), part=st.floats(0.0, 0.99))
def test_truncated_files_fail_clearly_or_decode(attempt, kind, part):
    data = SAMPLES[kind][: int(len(SAMPLES[kind]) * part)]
    frames, refused = attempt(BadImage, images.frames, data, "cut")
    assert frames or str(refused).startswith("cut: ")


@pytest.mark.filterwarnings("ignore")
@given(
    kind=st.sampled_from(sorted(SAMPLES)),
    flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), max_size=20),
)
def test_damaged_files_fail_clearly_or_decode(attempt, kind, flips):
    data = bytearray(SAMPLES[kind])
    for place, value in flips:
        data[place % len(data)] ^= value
    limits = images.Limits(pixels=10_000, all_pixels=40_000)
    frames, refused = attempt(BadImage, images.frames, bytes(data), "hurt", limits)
    assert refused is None or str(refused).startswith("hurt: ")
    for frame in frames or ():
        rgb, _ = images.to_tensors(frame)
        assert rgb.shape[-1] == 3


def test_values_are_rounded_and_clipped():
    values = torch.tensor([[[-1.0, 0.5, 2.0], [0.4 / 255, 0.6 / 255, 1.0]]])
    assert numpy.asarray(images.to_pil(values)).tolist() == [[[0, 128, 255], [0, 1, 255]]]


def test_gray_pictures_keep_one_channel():
    assert images.to_pil(torch.zeros(2, 2, 1)).mode == "L"
    assert images.to_pil(torch.zeros(2, 2, 4)).mode == "RGBA"
