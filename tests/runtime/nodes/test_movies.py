"""Videos: encoding, decoding, cutting, copying, and files that are damaged."""

import json
from fractions import Fraction

import av
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from flowscale_runtime.nodes import movie_files, movies
from flowscale_runtime.nodes.errors import BadVideo, NodeError

RATE = 48000


def clip(count=10, height=32, width=48):
    """Frames that get lighter one by one."""
    levels = torch.arange(count).float() / max(1, count - 1)
    return levels[:, None, None, None].expand(count, height, width, 3).clone()


def tone(seconds):
    line = 0.5 * torch.sin(torch.arange(round(RATE * seconds)) * 0.05)
    return {"waveform": line.expand(1, 2, -1).clone(), "sample_rate": RATE}


def levels(images):
    return [round(value, 1) for value in images.mean((1, 2, 3)).tolist()]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Ten frames at ten a second, with sound."""
    path = tmp_path_factory.mktemp("video") / "source.mp4"
    video = movies.from_images(clip(), 10, tone(1.0))
    movie_files.save(video, path, codec="h264", crf=5, metadata={"prompt": {"1": "é"}})
    return path


@pytest.mark.parametrize(
    ("codec", "suffix"), [("h264", "mp4"), ("h264", "mkv"), ("av1", "webm"), ("av1", "mp4"), ("vp9", "webm")]
)
def test_every_codec_keeps_frames_rate_and_sound(tmp_path, codec, suffix):
    path = tmp_path / f"a.{suffix}"
    movie_files.save(movies.from_images(clip(), 10, tone(1.0)), path, codec=codec, crf=10, metadata={})
    parts = movies.VideoFile(path).get_components()
    assert parts.images.shape == (10, 32, 48, 3)
    assert parts.frame_rate == 10
    assert levels(parts.images) == pytest.approx([index / 9 for index in range(10)], abs=0.07)
    assert parts.audio is not None
    assert parts.audio["waveform"].shape[-1] / parts.audio["sample_rate"] == pytest.approx(1.0, abs=0.1)


def test_facts_of_a_file(source):
    video = movies.VideoFile(source)
    assert video.get_dimensions() == (48, 32)
    assert video.get_duration() == pytest.approx(1.0)
    assert video.get_frame_rate() == Fraction(10)
    assert video.get_frame_count() == 10


def test_a_silent_video_has_no_sound(tmp_path):
    movie_files.save(movies.from_images(clip(3), 24), tmp_path / "a.mp4", codec="h264", metadata={})
    assert movies.VideoFile(tmp_path / "a.mp4").get_components().audio is None


def test_odd_sides_lose_their_last_line(tmp_path):
    movie_files.save(movies.from_images(clip(2, 5, 7), 24), tmp_path / "a.mp4", codec="h264", metadata={})
    assert movies.VideoFile(tmp_path / "a.mp4").get_dimensions() == (6, 4)
    with pytest.raises(NodeError, match="2x2"):
        movie_files.save(movies.from_images(clip(2, 1, 1), 24), tmp_path / "b.mp4", codec="h264", metadata={})


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_files_carry_the_workflow_and_are_the_same_each_time(tmp_path, suffix):
    for name in ("a", "b"):
        movie_files.save(
            movies.from_images(clip(), 10, tone(0.5)),
            tmp_path / f"{name}.{suffix}",
            codec="h264",
            metadata={"prompt": {"1": "é"}},
        )
    with av.open(str(tmp_path / f"a.{suffix}")) as container:
        tags = {key.lower(): value for key, value in container.metadata.items()}
    assert json.loads(tags["prompt"]) == {"1": "é"}
    assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


@pytest.mark.parametrize(
    ("start", "duration", "expected"),
    [(0.0, 0.0, range(10)), (0.3, 0.2, [3, 4]), (-0.2, 0.0, [8, 9]), (0.8, 9.0, [8, 9])],
)
def test_cutting_files_and_frames_gives_the_same(source, start, duration, expected):
    for video in (movies.VideoFile(source), movies.from_images(clip(), 10, tone(1.0))):
        part = video.as_trimmed(start, duration)
        assert levels(part.get_components().images) == pytest.approx(
            [index / 9 for index in expected], abs=0.07
        )
        assert part.get_frame_count() == len(expected)
        assert part.get_duration() == pytest.approx(len(expected) / 10, abs=0.01)
        sound = part.get_components().audio
        assert sound["waveform"].shape[-1] / RATE == pytest.approx(len(expected) / 10, abs=0.05)


def test_cuts_of_cuts_add_up(source):
    part = movies.VideoFile(source).as_trimmed(0.2, 0.6).as_trimmed(0.1, 0.2)
    assert levels(part.get_components().images) == pytest.approx([3 / 9, 4 / 9], abs=0.07)


def test_nothing_is_left_past_the_end(source, node):
    video = movies.VideoFile(source)
    assert video.as_trimmed(5.0, 1.0) is None
    assert video.as_trimmed(0.5, 1.0, strict_duration=True) is None
    with pytest.raises(NodeError, match=r"1\.000 seconds"):
        node("Video Slice", video=video, start_time=5.0, duration=1.0, strict_duration=False)


def test_phone_videos_are_turned_upright(source):
    class Turned:
        rotation = -90

        def to_ndarray(self, **_):
            return torch.tensor([[[1, 1, 1], [2, 2, 2]]], dtype=torch.uint8).numpy()

    assert movies.upright(Turned())[:, 0, 0].tolist() == [1, 2]


def test_frames_can_be_skipped_and_picked(source):
    frames = list(movies.VideoFile(source).frames(skip=1, every=4))
    assert levels(torch.stack(frames).float() / 255) == pytest.approx([1 / 9, 5 / 9, 1.0], abs=0.07)


def test_too_many_pixels_are_refused(source, monkeypatch):
    monkeypatch.setattr(movies, "MAX_PIXELS", 32 * 48 * 9)
    with pytest.raises(BadVideo, match="more than"):
        movies.VideoFile(source).get_components()


def saved(own_packs, video, **options):
    return own_packs.classes["SaveVideo"]().run(video=video, filename_prefix="video/run", **options)["ui"][
        "images"
    ][0]


def test_a_fitting_file_is_copied_not_encoded_again(own_packs, place, source):
    entry = saved(own_packs, movies.VideoFile(source), prompt={"2": "x"}, format="mp4", codec="auto")
    assert entry == {"filename": "run_00001_.mp4", "subfolder": "video", "type": "output"}
    copied = place.output / "video" / entry["filename"]
    assert torch.equal(
        movies.VideoFile(copied).get_components().images, movies.VideoFile(source).get_components().images
    )
    with av.open(str(copied)) as container:
        assert json.loads(container.metadata["prompt"]) == {"2": "x"}


@pytest.mark.parametrize(
    ("options", "suffix", "codec"),
    [
        ({"format": "auto", "format.codec": "auto"}, "mp4", "h264"),
        (
            {
                "format": "mkv",
                "format.codec": "h264",
                "format.codec.encoding": "re-encode",
                "format.codec.encoding.crf": 40.0,
            },
            "mkv",
            "h264",
        ),
        ({"format": "webm", "format.codec": "av1"}, "webm", "av1"),
        ({"format": "auto", "codec": "h264"}, "mp4", "h264"),
    ],
)
def test_the_form_of_a_saved_video_can_be_chosen(own_packs, place, options, suffix, codec):
    entry = saved(own_packs, movies.from_images(clip(), 10), **options)
    assert entry["filename"].endswith(suffix)
    with av.open(str(place.output / "video" / entry["filename"])) as container:
        assert codec in container.streams.video[0].codec_context.codec.canonical_name


def test_an_impossible_form_is_refused(own_packs, place):
    with pytest.raises(NodeError, match="webm with h264"):
        saved(own_packs, movies.from_images(clip(), 10), format="webm", codec="h264")


def test_webm_keeps_transparency(own_packs, place):
    frames = torch.ones(2, 16, 16, 4)
    frames[..., 3] = 0.0
    report = own_packs.classes["SaveWEBM"]().run(
        images=frames, filename_prefix="run", codec="vp9", fps=24.0, crf=10.0
    )
    with av.open(str(place.output / report["ui"]["images"][0]["filename"])) as container:
        stream = container.streams.video[0]
        assert stream.metadata.get("alpha_mode", stream.metadata.get("ALPHA_MODE")) == "1"


def test_videos_are_made_and_taken_apart(node):
    audio = tone(0.4)
    video = node("CreateVideo", images=clip(4), fps=10.0, audio=audio)[0]
    images, sound, fps, depth = node("GetVideoComponents", video=video)
    assert images.shape[0] == 4
    assert (sound, fps, depth) == (audio, 10.0, 8)
    with pytest.raises(NodeError, match="10 bits"):
        node("CreateVideo", images=clip(4), fps=10.0, bit_depth=10)
    with pytest.raises(NodeError, match="at least one"):
        node("CreateVideo", images=clip(4)[:0], fps=10.0)


def test_videos_follow_each_other_at_the_rate_of_the_first(node):
    first = movies.from_images(clip(4), 10)
    second = movies.from_images(clip(10, 16, 24), 20, tone(0.5))
    joined = node("ConcatenateVideo", **{"videos.video0": first, "videos.video1": second})[0].get_components()
    assert joined.images.shape == (9, 32, 48, 3)
    assert joined.audio["waveform"].shape[-1] == round(0.9 * RATE)
    assert joined.audio["waveform"][..., : round(0.4 * RATE)].abs().sum() == 0


@pytest.mark.parametrize(
    ("strategy", "wanted", "picks"),
    [
        ("uniform", 3, [0, 4, 9]),
        ("uniform", 1, [5]),
        ("head", 2, [0, 1]),
        ("tail", 2, [8, 9]),
        ("head", 99, list(range(10))),
    ],
)
def test_frames_are_sampled(strategy, wanted, picks):
    from flowscale_runtime.nodes.video.editing import sampled

    assert sampled(10, wanted, strategy, 0) == picks
    assert sampled(10, 4, "random", 5) == sampled(10, 4, "random", 5)


def test_compression_leaves_traces_but_not_many(node):
    image = torch.rand(1, 32, 32, 3, generator=torch.Generator().manual_seed(0))
    done = node("LTXVPreprocess", image=image, img_compression=30)[0]
    assert done.shape == image.shape
    assert 0.001 < (done - image).abs().mean() < 0.3
    assert node("LTXVPreprocess", image=image, img_compression=0)[0] is image


@pytest.mark.parametrize("content", [b"", b"hello", b"\0\0\0\x18ftypmp42" + b"\0" * 64])
def test_what_is_no_video_says_so(tmp_path, content):
    (tmp_path / "a.mp4").write_bytes(content)
    with pytest.raises(BadVideo, match=r"a\.mp4"):
        movies.VideoFile(tmp_path / "a.mp4").get_components()


def test_sound_alone_is_no_video(tmp_path):
    from flowscale_runtime.nodes import sound

    sound.save(tone(0.2), tmp_path / "a.flac", metadata={})
    with pytest.raises(BadVideo, match="no pictures"):
        movies.VideoFile(tmp_path / "a.flac").get_components()


@given(
    part=st.floats(0.0, 1.0),
    flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), max_size=10),
)
def test_damaged_files_fail_clearly_or_play(source, tmp_path_factory, attempt, part, flips):
    whole = source.read_bytes()
    data = bytearray(whole[: int(len(whole) * part)])
    for place, value in flips:
        if data:
            data[place % len(data)] ^= value
    path = tmp_path_factory.getbasetemp() / "hurt.mp4"
    path.write_bytes(bytes(data))
    parts, refused = attempt(BadVideo, movies.VideoFile(path).get_components)
    assert refused.hint if refused else parts.images.ndim == 4


def test_long_work_reports_progress_and_stops_when_asked(tmp_path, monkeypatch):
    from flowscale_runtime.graph import context
    from flowscale_runtime.graph.errors import Interrupted

    class Listener:
        def __init__(self):
            self.seen = []

        def node_progress(self, node_id, value, maximum):
            self.seen.append((node_id, value, maximum))
            if value == 3:
                node.interrupt.set()

    node = context.NodeContext("7", "SaveVideo", listener=(listener := Listener()))
    monkeypatch.setattr(context, "current", lambda: node)
    with pytest.raises(Interrupted):
        movie_files.save(movies.from_images(clip(), 10), tmp_path / "a.mp4", codec="h264", metadata={})
    assert listener.seen == [("7", 1, 10), ("7", 2, 10), ("7", 3, 10)]
