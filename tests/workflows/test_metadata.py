"""Texts in media files: every container that ComfyUI writes is read, PNG and EXIF are written."""

import json
import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from flowscale_workflows import metadata
from flowscale_workflows.errors import FormatError

PROMPT = {"1": {"class_type": "A", "inputs": {"text": "größer"}}}
TEXTS = {"prompt": json.dumps(PROMPT), "workflow": '{"nodes": [], "links": []}'}
FOUND = {"prompt": PROMPT, "workflow": {"nodes": [], "links": []}}


def image(kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (8, 8), "red").save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("method", ["add_text", "add_itxt"])
def test_png_texts_are_read(method: str, compressed: bool) -> None:
    info = PngImagePlugin.PngInfo()
    for key, text in TEXTS.items():
        getattr(info, method)(key, text, zip=compressed)
    assert metadata.read(image("PNG", pnginfo=info)) == FOUND


def test_animated_png_texts_behind_the_pixels_are_read() -> None:
    data = image("PNG")
    end = data.index(b"IEND") - 4
    added = b"".join(
        chunk(b"comf", key.encode() + b"\0" + text.encode("latin-1")) for key, text in TEXTS.items()
    )
    assert metadata.read(data[:end] + added + data[end:]) == FOUND


@given(st.dictionaries(st.sampled_from(["prompt", "workflow", "note"]), st.text(min_size=1), min_size=1))
def test_png_texts_written_are_read_again(texts: dict[str, str]) -> None:
    quoted = {key: json.dumps([text], ensure_ascii=False) for key, text in texts.items()}
    try:
        data = metadata.with_png_text(image("PNG"), quoted)
    except UnicodeEncodeError:
        return  # half a character can't be written by anyone
    with Image.open(BytesIO(data)) as opened:
        opened.load()
        assert opened.text == quoted
    assert metadata.read(data)["prompt" if "prompt" in texts else next(iter(texts))]


def test_writing_replaces_texts_of_the_same_name() -> None:
    once = metadata.with_png_text(image("PNG"), {"prompt": "{}", "kept": "yes"})
    assert metadata.read(metadata.with_png_text(once, TEXTS)) == FOUND | {"kept": "yes"}


def test_one_text_chunk_is_what_pillow_writes() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("prompt", "{}")
    assert metadata.png_text("prompt", "{}") in image("PNG", pnginfo=info)


@pytest.mark.parametrize("keyword", ["", "x" * 80])
def test_a_png_keyword_has_its_limits(keyword: str) -> None:
    with pytest.raises(FormatError, match="1 to 79"):
        metadata.png_text(keyword, "")


def test_writing_into_something_else_is_refused() -> None:
    with pytest.raises(FormatError, match="not a PNG"):
        metadata.with_png_text(b"GIF89a", {})


def test_a_text_that_unpacks_without_end_is_refused() -> None:
    bomb = zlib.compress(b"a" * (65 * 1024 * 1024))
    data = image("PNG")[:33] + chunk(b"zTXt", b"prompt\0\0" + bomb)
    with pytest.raises(FormatError, match="longer than"):
        metadata.read(data)


@pytest.mark.parametrize("kind", ["WEBP", "AVIF"])
def test_exif_texts_are_read_from_what_pillow_wrote(kind: str) -> None:
    assert metadata.read(image(kind, exif=metadata.exif_block(TEXTS))) == FOUND


def test_exif_tags_are_those_of_comfyui() -> None:
    exif = Image.Exif()
    exif.load(metadata.exif_block({"workflow": "{}", "prompt": "[]"}))
    assert dict(exif) == {0x0110: "prompt:[]", 0x010F: "workflow:{}"}


def test_exif_entries_of_other_programs_are_left_out() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Some Camera"
    exif[0x9286] = "a comment: with a colon"
    assert metadata.read(image("WEBP", exif=exif.tobytes())) == {}


def video(path: Path, codec: str, **options: str) -> bytes:
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=8)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        container.metadata.update(TEXTS)
        for _ in range(2):
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path.read_bytes()


def sound(path: Path, codec: str, layout: str, rate: int = 48000) -> bytes:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        container.metadata.update(TEXTS)
        context = stream.codec_context
        context.open()
        kind = context.format.name
        planes = 1 if layout == "mono" or not kind.endswith("p") else 2
        size = 2 if kind.startswith("s16") else 4
        dtype = {"s16": np.int16, "s16p": np.int16, "s32": np.int32, "s32p": np.int32}.get(kind, np.float32)
        samples = context.frame_size or 960
        channels = 1 if layout == "mono" else 2
        width = samples if planes == channels else samples * channels
        frame = av.AudioFrame.from_ndarray(np.zeros((planes, width), dtype), format=kind, layout=layout)
        assert size == np.dtype(dtype).itemsize
        frame.sample_rate = rate
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path.read_bytes()


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.mp4", "mpeg4", {"movflags": "use_metadata_tags"}),
        ("b.mp4", "mpeg4", {"movflags": "use_metadata_tags+faststart"}),
        ("c.mov", "mpeg4", {"movflags": "use_metadata_tags"}),
        ("d.mkv", "mpeg4", {}),
        ("e.webm", "libvpx-vp9", {}),
    ],
)
def test_video_tags_are_read(tmp_path: Path, name: str, codec: str, options: dict[str, str]) -> None:
    found = metadata.read(video(tmp_path / name, codec, **options))
    assert {key: found[key] for key in FOUND} == FOUND


@pytest.mark.parametrize(
    ("name", "codec"), [("a.flac", "flac"), ("b.opus", "libopus"), ("c.mp3", "libmp3lame")]
)
def test_audio_tags_are_read(tmp_path: Path, name: str, codec: str) -> None:
    found = metadata.read(sound(tmp_path / name, codec, "stereo"))
    assert {key: found[key] for key in FOUND} == FOUND


def glb() -> bytes:
    scene = json.dumps({"asset": {"version": "2.0", "extras": TEXTS}}).encode()
    scene += b" " * (-len(scene) % 4)
    body = struct.pack("<II", len(scene), 0x4E4F534A) + scene
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


def exr() -> bytes:
    attributes = b"".join(
        key.encode() + b"\0string\0" + struct.pack("<I", len(text.encode())) + text.encode()
        for key, text in TEXTS.items()
    )
    return b"\x76\x2f\x31\x01\x02\0\0\0" + b"lines\0int\0\x04\0\0\0\x01\0\0\0" + attributes + b"\0"


def safetensors() -> bytes:
    header = json.dumps({"__metadata__": TEXTS}).encode()
    return struct.pack("<Q", len(header)) + header


def svg() -> bytes:
    return f'<?xml version="1.0"?><svg><metadata><![CDATA[{json.dumps(TEXTS)}]]></metadata></svg>'.encode()


@pytest.mark.parametrize("make", [glb, exr, safetensors, svg])
def test_plain_containers_are_read(make: Callable[[], bytes]) -> None:
    assert metadata.read(make()) == FOUND


def test_each_container_has_a_name() -> None:
    assert metadata.container(image("PNG")) == "PNG"
    assert metadata.container(image("WEBP")) == "WebP"
    assert metadata.container(safetensors()) == "safetensors"
    assert metadata.container(b"GIF89a") is None


def test_other_files_are_refused() -> None:
    with pytest.raises(FormatError, match="no image, video"):
        metadata.read(b"GIF89a")
