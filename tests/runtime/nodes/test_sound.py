"""Sound: files there and back, cutting and mixing, and files that are damaged."""

import json
import math

import av
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from flowscale_runtime.nodes import sound
from flowscale_runtime.nodes.errors import BadAudio, NodeError


def tone(rate=44100, seconds=0.5, channels=2, hertz=440.0):
    line = 0.5 * torch.sin(2 * math.pi * hertz * torch.arange(round(rate * seconds)) / rate)
    return {"waveform": line.expand(1, channels, -1).clone(), "sample_rate": rate}


def constant(*values, rate=10):
    return {
        "waveform": torch.tensor([list(channel) for channel in values]).float()[None],
        "sample_rate": rate,
    }


def pitch(audio):
    line = audio["waveform"][0, 0]
    return torch.fft.rfft(line).abs().argmax().item() * audio["sample_rate"] / line.shape[0]


@pytest.mark.parametrize("kind", ["flac", "wav"])
@pytest.mark.parametrize(("rate", "channels"), [(44100, 2), (48000, 1), (22050, 2), (8000, 6)])
def test_lossless_formats_keep_every_sample(tmp_path, kind, rate, channels):
    given_ = tone(rate, channels=channels)
    sound.save(given_, tmp_path / f"a.{kind}", metadata={})
    back = sound.load(tmp_path / f"a.{kind}")
    assert back["sample_rate"] == rate
    assert back["waveform"].shape == given_["waveform"].shape
    assert (back["waveform"] - given_["waveform"]).abs().max() < 1.01 / 32768


@pytest.mark.parametrize("kind", ["mp3", "opus", "ogg"])
@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_lossy_formats_keep_the_pitch_and_length(tmp_path, kind, rate):
    sound.save(tone(rate), tmp_path / f"a.{kind}", bitrate=128_000, metadata={})
    back = sound.load(tmp_path / f"a.{kind}")
    assert back["sample_rate"] in sound.CODECS[kind].rates
    assert back["waveform"].shape[-1] / back["sample_rate"] == pytest.approx(0.5, abs=0.08)
    assert pitch(back) == pytest.approx(440, abs=5)


def test_the_highest_quality_is_larger_than_a_low_rate(tmp_path):
    noise = {
        "waveform": torch.rand(1, 2, 44100, generator=torch.Generator().manual_seed(0)) - 0.5,
        "sample_rate": 44100,
    }
    sound.save(noise, tmp_path / "best.mp3", best=True, metadata={})
    sound.save(noise, tmp_path / "low.mp3", bitrate=64_000, metadata={})
    assert (tmp_path / "best.mp3").stat().st_size > 2 * (tmp_path / "low.mp3").stat().st_size


@pytest.mark.parametrize("kind", ["flac", "mp3", "opus"])
def test_files_carry_the_workflow_and_are_the_same_each_time(tmp_path, kind):
    for name in ("a", "b"):
        sound.save(tone(48000), tmp_path / f"{name}.{kind}", metadata={"prompt": {"1": "é"}})
    with av.open(str(tmp_path / f"a.{kind}")) as container:
        tags = {**container.metadata, **container.streams[0].metadata}
    assert json.loads({key.lower(): value for key, value in tags.items()}["prompt"]) == {"1": "é"}
    assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()


def test_only_a_part_can_be_loaded(tmp_path):
    sound.save(tone(8000, seconds=3), tmp_path / "a.wav", metadata={})
    part = sound.load(tmp_path / "a.wav", start=1.0, duration=0.5)
    assert part["waveform"].shape == (1, 2, 4000)


@pytest.mark.parametrize("content", [b"", b"hello", b"RIFF\x00\x00\x00\x00WAVE", b"ID3" + b"\0" * 100])
def test_what_is_no_sound_says_so(tmp_path, content):
    (tmp_path / "a.mp3").write_bytes(content)
    with pytest.raises(BadAudio, match=r"a\.mp3") as caught:
        sound.load(tmp_path / "a.mp3")
    assert caught.value.hint


@pytest.fixture(scope="module")
def whole_files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    for kind in ("flac", "wav", "mp3", "ogg"):
        sound.save(
            tone(seconds=0.2),
            folder / f"a.{kind}",
            bitrate=64_000 if kind in {"mp3", "ogg"} else None,
            metadata={},
        )
    return {path.suffix: path.read_bytes() for path in folder.iterdir()}


@given(
    kind=st.sampled_from([".flac", ".wav", ".mp3", ".ogg"]),
    part=st.floats(0.0, 1.0),
    flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), max_size=10),
)
def test_damaged_files_fail_clearly_or_play(tmp_path_factory, whole_files, attempt, kind, part, flips):
    data = bytearray(whole_files[kind][: int(len(whole_files[kind]) * part)])
    for place, value in flips:
        if data:
            data[place % len(data)] ^= value
    path = tmp_path_factory.getbasetemp() / f"hurt{kind}"
    path.write_bytes(bytes(data))
    audio, refused = attempt(BadAudio, sound.load, path)
    assert refused.hint if refused else audio["waveform"].ndim == 3


def test_resampling_keeps_pitch_and_length():
    for rate in (16000, 48000):
        done = sound.resample(tone(44100), rate)
        assert done["waveform"].shape == (1, 2, rate // 2)
        assert pitch(done) == pytest.approx(440, abs=5)


def test_silence_has_its_length_and_a_limit(node):
    audio = node("EmptyAudio", duration=1.5, sample_rate=8000, channels=1)[0]
    assert audio["waveform"].shape == (1, 1, 12000)
    assert audio["waveform"].abs().sum() == 0
    with pytest.raises(NodeError, match="too long"):
        node("EmptyAudio", duration=1e15, sample_rate=8000, channels=1)


@pytest.mark.parametrize(
    ("start", "duration", "samples"),
    [(0.2, 0.3, [2, 3, 4]), (-0.3, 0.2, [7, 8]), (0.8, 60.0, [8, 9]), (-60.0, 0.1, [0])],
)
def test_trimming(node, start, duration, samples):
    done = node("TrimAudioDuration", audio=constant(range(10)), start_index=start, duration=duration)[0]
    assert done["waveform"][0, 0].tolist() == samples


@pytest.mark.parametrize(("start", "duration"), [(1.0, 1.0), (5.0, 1.0), (0.0, 0.0)])
def test_trimming_to_nothing_is_an_error(node, start, duration):
    with pytest.raises(NodeError):
        node("TrimAudioDuration", audio=constant(range(10)), start_index=start, duration=duration)


def test_volume_is_in_decibels(node):
    done = node("AudioAdjustVolume", audio=constant([1.0]), volume=-20)[0]
    assert done["waveform"].item() == pytest.approx(0.1)


def test_one_after_another_mono_beside_stereo(node):
    mono, stereo = constant([1, 2]), constant([3], [4])
    after = node("AudioConcat", audio1=mono, audio2=stereo, direction="after")[0]
    assert after["waveform"][0].tolist() == [[1, 2, 3], [1, 2, 4]]
    before = node("AudioConcat", audio1=mono, audio2=stereo, direction="before")[0]
    assert before["waveform"][0, 0].tolist() == [3, 1, 2]


@pytest.mark.parametrize(
    ("method", "values"),
    [
        ("add", [1.0, 0.5 / 1.5]),
        ("mean", [0.75, 0.25]),
        ("subtract", [0.0, 0.5]),
        ("multiply", [0.5625, 0.0]),
    ],
)
def test_merging_is_as_long_as_the_first_and_not_over_full_scale(node, method, values):
    done = node("AudioMerge", audio1=constant([0.75, 0.5]), audio2=constant([0.75]), merge_method=method)[0]
    assert done["waveform"][0, 0].tolist() == pytest.approx(values)


def test_channels_split_and_join(node):
    left, right = node("SplitAudioChannels", audio=constant([1, 2, 3], [4, 5, 6]))
    assert (left["waveform"].tolist(), right["waveform"].tolist()) == ([[[1, 2, 3]]], [[[4, 5, 6]]])
    joined = node("JoinAudioChannels", audio_left=left, audio_right=constant([7, 8]))[0]
    assert joined["waveform"][0].tolist() == [[1, 2], [7, 8]]
    with pytest.raises(NodeError, match="1 channels"):
        node("SplitAudioChannels", audio=left)


@pytest.mark.parametrize(
    ("name", "options", "suffix"),
    [
        ("SaveAudio", {}, "flac"), ("SaveAudioMP3", {"quality": "V0"}, "mp3"), ("SaveAudioMP3", {"quality": "320k"}, "mp3"),
        ("SaveAudioOpus", {"quality": "64k"}, "opus"), ("SaveAudioAdvanced", {"format": "flac"}, "flac"),
        ("SaveAudioAdvanced", {"format": "mp3", "format.quality": "128k"}, "mp3"),
    ],
)  # fmt: skip
def test_saved_sounds_come_back(own_packs, node, place, name, options, suffix):
    batch = {"waveform": tone()["waveform"].repeat(2, 1, 1), "sample_rate": 44100}
    report = own_packs.classes[name]().run(audio=batch, filename_prefix="audio/run", **options)
    names = [entry["filename"] for entry in report["ui"]["audio"]]
    assert names == [f"run_00001_.{suffix}", f"run_00002_.{suffix}"]
    (place.input / names[0]).write_bytes((place.output / "audio" / names[0]).read_bytes())
    assert pitch(node("LoadAudio", audio=names[0])[0]) == pytest.approx(440, abs=5)


def test_no_sound_is_an_error_that_says_why(own_packs, place):
    with pytest.raises(NodeError) as caught:
        own_packs.classes["SaveAudio"]().run(audio=None)
    assert "no audio track" in caught.value.hint
    with pytest.raises(NodeError, match="no quality"):
        own_packs.classes["SaveAudioMP3"]().run(audio=tone(), quality="loud")


def test_the_equalizer_changes_only_the_band_it_is_told(node):
    flat = {
        "low_gain_dB": 0.0,
        "low_freq": 100,
        "mid_gain_dB": 0.0,
        "mid_freq": 1000,
        "mid_q": 1.0,
        "high_gain_dB": 0.0,
        "high_freq": 5000,
    }

    def level(audio):
        return audio["waveform"].pow(2).mean().sqrt().item()

    low, middle = tone(hertz=40.0), tone(hertz=1000.0)
    assert node("AudioEqualizer3Band", audio=low, **flat)[0] is low
    cut = {**flat, "low_gain_dB": -12.0}
    done = node("AudioEqualizer3Band", audio=low, **cut)[0]
    assert done["waveform"].shape == low["waveform"].shape
    assert level(done) < 0.4 * level(low)
    assert level(node("AudioEqualizer3Band", audio=middle, **cut)[0]) == pytest.approx(
        level(middle), rel=0.05
    )
    assert level(node("AudioEqualizer3Band", audio=middle, **{**flat, "mid_gain_dB": 6.0})[0]) > 1.7 * level(
        middle
    )
