"""Every template serves and runs; all of them in one server."""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import av
import numpy as np
import pytest
from PIL import Image

from flowscale import FlowScaleClient
from flowscale_cli import templates
from flowscale_specs import load, parse, resolve

Pixels: TypeAlias = "np.ndarray[Any, Any]"
Check: TypeAlias = Callable[[list[bytes], Pixels], None]


def picture(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def pixels(data: bytes) -> Pixels:
    return np.asarray(picture(data).convert("RGB")).astype(int)


def is_text(expected: str) -> Check:
    def check(outputs: list[bytes], photo: Pixels) -> None:
        assert [output.decode() for output in outputs] == [expected]

    return check


def is_picture(width: int, height: int, kind: str = "PNG") -> Check:
    def check(outputs: list[bytes], photo: Pixels) -> None:
        (image,) = map(picture, outputs)
        assert (image.size, image.format) == ((width, height), kind)

    return check


def equals(expected: Callable[[Pixels], Pixels], tolerance: int = 1) -> Check:
    """One picture whose pixels are this function of the photo's."""

    def check(outputs: list[bytes], photo: Pixels) -> None:
        (found,) = map(pixels, outputs)
        wanted = expected(photo.astype(int))
        assert found.shape == wanted.shape
        assert np.abs(found - wanted).max() <= tolerance

    return check


def sizes(*expected: tuple[int, int]) -> Check:
    def check(outputs: list[bytes], photo: Pixels) -> None:
        assert [picture(output).size for output in outputs] == list(expected)

    return check


def facts_of_photo(outputs: list[bytes], photo: Pixels) -> None:
    facts = json.loads(outputs[0])
    assert (facts["width"], facts["height"]) == (96, 64)
    assert facts["megapixels"] == pytest.approx(0.006144)


def few_colors(outputs: list[bytes], photo: Pixels) -> None:
    assert len(np.unique(pixels(outputs[0]).reshape(-1, 3), axis=0)) == 4


def smoother(outputs: list[bytes], photo: Pixels) -> None:
    found = pixels(outputs[0])
    assert found.shape == photo.shape
    assert abs(found[0, :8, 0].mean() - photo[0, :8, 0].mean()) < 8
    assert np.abs(np.diff(found[..., 0], axis=1)).max() <= 2


def changed(outputs: list[bytes], photo: Pixels) -> None:
    found = pixels(outputs[0])
    assert found.shape == photo.shape
    assert 0 < np.abs(found - photo).mean() < 40


def black_and_white(outputs: list[bytes], photo: Pixels) -> None:
    assert set(np.unique(pixels(outputs[0]))) <= {0, 255}


def half_transparent(outputs: list[bytes], photo: Pixels) -> None:
    alpha = np.asarray(picture(outputs[0]).getchannel("A"))
    assert (alpha[:, :48].min(), alpha[:, 48:].max()) == (255, 0)


def soft_mask(outputs: list[bytes], photo: Pixels) -> None:
    found = pixels(outputs[0])[..., 0]
    assert found[32, 20] == 0
    assert found[32, 80] == 255
    assert 0 <= found[0, 80] < 255
    assert found[32, 45] == 255  # grown by four pixels to the left


def marked(outputs: list[bytes], photo: Pixels) -> None:
    difference = np.abs(pixels(outputs[0]) - photo).sum(axis=2)
    assert difference[:32].max() == 0
    assert difference[32:].max() > 200


def extended(outputs: list[bytes], photo: Pixels) -> None:
    canvas, mask = map(pixels, outputs)
    assert canvas.shape == mask.shape == (64 + 8, 96 + 8, 3)
    assert np.abs(canvas[4:-4, 4:-4] - photo).max() <= 1
    assert (mask[0, 0, 0], mask[30, 50, 0]) == (255, 0)


def sound(seconds: float, codec: str) -> Check:
    def check(outputs: list[bytes], photo: Pixels) -> None:
        with av.open(io.BytesIO(outputs[0])) as container:
            (stream,) = container.streams.audio
            length = sum(frame.samples for frame in container.decode(stream)) / stream.rate
        assert (stream.codec_context.name, len(outputs)) == (codec, 1)
        assert length == pytest.approx(seconds, abs=0.1)

    return check


def film(frames: int, rate: float, width: int, height: int) -> Check:
    def check(outputs: list[bytes], photo: Pixels) -> None:
        with av.open(io.BytesIO(outputs[0])) as container:
            (stream,) = container.streams.video
            found = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        assert (len(found), float(stream.average_rate or 0)) == (frames, rate)
        assert found[0].shape == (height, width, 3)

    return check


def animated(outputs: list[bytes], photo: Pixels) -> None:
    image = picture(outputs[0])
    assert (image.format, image.size, getattr(image, "n_frames", 1)) == ("WEBP", (64, 48), 8)


PHOTO = {"photo": "photo.png"}
CASES: Mapping[str, tuple[Mapping[str, Any], Check]] = {
    "hello": ({"name": "Ada"}, is_text("Hello, Ada!")),
    "prompt-template": (
        {"subject": "a fox", "template": "{b}: {a}"},
        is_text("watercolour: a fox"),
    ),
    "clean-text": ({"text": "  one\n\n two  three ", "length": 7}, is_text("one two")),
    "regex-extract": ({"text": "a1 b22 c333", "pattern": r"\d+"}, is_text("1\n22\n333")),
    "json-field": ({"document": '{"name": "Ada", "age": 36}', "field": "name"}, is_text("Ada")),
    "calculator": ({"a": 2, "b": 10, "formula": "a ** b"}, is_text("1024.0")),
    "reply-switch": ({"question": "A REFUND, please", "with": "yes"}, is_text("yes")),
    "image-facts": (PHOTO, facts_of_photo),
    "resize": (PHOTO | {"size": 48}, is_picture(48, 32)),
    "crop": (
        PHOTO | {"x": 10, "y": 20, "width": 30, "height": 40},
        equals(lambda photo: photo[20:60, 10:40]),
    ),
    "fit": (PHOTO | {"width": 100, "height": 100, "background": "black"}, is_picture(100, 100)),
    "rotate": (PHOTO, equals(lambda photo: np.rot90(photo, -1))),
    "flip": (PHOTO, equals(lambda photo: photo[:, ::-1])),
    "negative": (PHOTO, equals(lambda photo: 255 - photo)),
    "blur": (PHOTO, smoother),
    "sharpen": (PHOTO | {"amount": 2}, changed),
    "posterize": (PHOTO | {"colors": 4}, few_colors),
    "adjust": (PHOTO | {"brightness": 0.5, "contrast": 1}, equals(lambda photo: photo // 2)),
    "film-grain": (PHOTO, changed),
    "edges": ({"photo": "green.png"}, black_and_white),
    "blend": (
        {"first": "photo.png", "second": "green.png", "mode": "multiply", "factor": 1},
        equals(lambda photo: np.where(np.arange(96)[None, :, None] < 48, photo**2 / 255, photo * (0, 1, 0))),
    ),
    "paste": (
        PHOTO | {"picture": "green.png", "mask": "mask.png"},
        equals(lambda photo: np.where(np.arange(96)[None, :, None] < 48, photo, (0, 255, 0))),
    ),
    "cut-out": (PHOTO | {"mask": "mask.png"}, half_transparent),
    "green-screen": (
        {"picture": "green.png", "background": "photo.png"},
        equals(lambda photo: photo),
    ),
    "mask-tools": ({"picture": "mask.png"}, soft_mask),
    "extend-canvas": (PHOTO | {"left": 4, "top": 4, "right": 4, "bottom": 4}, extended),
    "side-by-side": ({"before": "photo.png", "after": "green.png", "gap": 10}, is_picture(96 * 2 + 10, 64)),
    "contact-sheet": (
        {"first": "photo.png", "second": "green.png", "third": "photo.png", "fourth": "mask.png"},
        is_picture(2 * 256 + 4, 2 * 256 + 4),
    ),
    "watermark": (PHOTO | {"text": "mine", "size": 20}, marked),
    "convert": (PHOTO | {"format": "avif"}, is_picture(96, 64, "AVIF")),
    "thumbnails": (PHOTO, sizes((1024, 683), (512, 341), (128, 85))),
    "random-crops": (PHOTO | {"count": 3, "width": 20, "height": 10}, sizes(*[(20, 10)] * 3)),
    "placeholder": ({"width": 120, "height": 80, "caption": "soon"}, is_picture(120, 80)),
    "audio-convert": ({"recording": "recording.wav", "format": "flac"}, sound(2.0, "flac")),
    "audio-trim": ({"recording": "recording.wav", "start": 0.5, "duration": 0.75}, sound(0.75, "flac")),
    "silence": ({"duration": 1.5}, sound(1.5, "flac")),
    "slideshow": (
        {"first": "photo.png", "second": "green.png", "third": "mask.png", "rate": 2},
        film(3, 2.0, 96, 64),
    ),
    "video-frames": ({"film": "film.mp4", "count": 3}, sizes(*[(64, 48)] * 3)),
    "video-speed": ({"film": "film.mp4", "rate": 16}, film(8, 16.0, 64, 48)),
    "animation": ({"film": "film.mp4"}, animated),
}


@pytest.fixture(scope="module")
def client(start: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlowScaleClient]:
    """A client of one server with all templates."""
    server = start(templates.ROOT, tmp_path_factory.mktemp("templates") / "data")
    with FlowScaleClient(api_key=server.key, base_url=server.url) as found:
        yield found
    server.stop()


def test_there_is_a_case_for_every_template() -> None:
    assert sorted(CASES) == templates.names()
    assert len(CASES) >= 30


@pytest.mark.services
@pytest.mark.parametrize("name", CASES)
def test_a_template_runs(name: str, client: FlowScaleClient, media: Path, photo: Pixels) -> None:
    inputs, check = CASES[name]
    files = {key: media / value for key, value in inputs.items() if (media / str(value)).is_file()}
    run = client.runs.execute({**inputs, **files}, workflow_id=name, timeout=100)
    check([output.data for output in run.outputs], photo)


@pytest.mark.parametrize("name", CASES)
def test_a_template_can_be_renamed(name: str) -> None:
    project = resolve(parse(templates.find(name).renamed("mine").encode()))
    assert list(project.deployments) == list(project.workflows) == ["mine"]
    assert project.deployments["mine"].workflow == "mine"


def test_every_template_says_in_a_line_what_it_does() -> None:
    project = resolve(load(templates.ROOT))
    for name, workflow in project.workflows.items():
        assert workflow.description == templates.find(name).description
        assert len(workflow.description) < 100
        assert workflow.inputs
        assert all(item.label for item in workflow.inputs.values())


def test_no_two_templates_do_the_same() -> None:
    """They differ in more than numbers: no two graphs have the same classes and outputs."""
    graphs = [json.loads(templates.find(name).workflow) for name in templates.names()]
    shapes = [tuple(sorted(node["class_type"] for node in graph.values())) for graph in graphs]
    assert len(shapes) == len(set(shapes))
