"""The nodes that are a workflow's inputs and outputs when it is served."""

import json

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from flowscale_runtime.nodes import encoding, folders, movie_files, movies, sound
from flowscale_runtime.nodes.errors import BadMedia, FetchRefused, FileProblem, NodeError


def frames(count=4):
    return torch.linspace(0, 1, count)[:, None, None, None].expand(count, 16, 16, 3).clone()


def tone():
    return {"waveform": 0.5 * torch.sin(torch.arange(24000) * 0.05).expand(1, 2, -1), "sample_rate": 48000}


def outputs(report, key):
    return [folders.current().output / entry["subfolder"] / entry["filename"] for entry in report["ui"][key]]


def test_text_and_numbers_pass_through_and_are_saved(node, own_packs, place):
    assert node("FSLoadText", default_value="héllo", label="Prompt") == ("héllo",)
    assert node("FSLoadInteger", default_value=7, label="Steps") == (7,)
    (path,) = outputs(own_packs.classes["FSSaveText"]().run(text="héllo"), "files")
    assert path.read_text(encoding="utf-8") == "héllo"
    (path,) = outputs(own_packs.classes["FSSaveInteger"]().run(integer=-42), "files")
    assert path.read_text() == "-42"


@pytest.mark.parametrize("name", ["FSLoadImage", "FSLoadImageFromURL"])
def test_pictures_are_loaded(node, place, name):
    Image.new("RGBA", (2, 1), (255, 0, 0, 0)).save(place.input / "abc.png")
    key = "image" if name == "FSLoadImage" else "image_url"
    image, mask = node(name, **{key: "abc.png", "label": ""})
    assert image[0, 0, 0].tolist() == [1, 0, 0]
    assert mask.tolist() == [[[1, 1]]]


def test_a_url_goes_through_the_fetcher_or_nowhere(node, place, own_packs):
    with pytest.raises(FetchRefused, match=r"example\.com"):
        node("FSLoadImageFromURL", image_url="https://example.com/a.png")
    got = place.temp / "got.png"
    Image.new("RGB", (3, 2)).save(got)
    folders.use(folders.Folders(place.input, place.output, place.temp, place.user, fetch=lambda url: got))
    assert node("FSLoadImageFromURL", image_url="https://example.com/a.png")[0].shape == (1, 2, 3, 3)
    assert (
        own_packs.classes["FSLoadImageFromURL"].VALIDATE_INPUTS(image_url="https://example.com/a.png") is True
    )


def test_inputs_are_checked_before_a_run(own_packs, place):
    for name, key in (
        ("FSLoadImage", "image"),
        ("FSLoadVideo", "video"),
        ("FSLoadAudio", "audio"),
        ("FSLoad3D", "model_file"),
    ):
        answer = own_packs.classes[name].VALIDATE_INPUTS(**{key: "gone.bin"})
        assert "no file 'gone.bin' in the input folder" in answer
    (place.input / "here.bin").write_bytes(b"1")
    assert own_packs.classes["FSLoadAudio"].VALIDATE_INPUTS(audio="here.bin") is True


def test_the_content_of_an_input_counts_not_its_name(own_packs, place):
    for name in ("a.png", "b.png"):
        (place.input / name).write_bytes(b"same")
    cls = own_packs.classes["FSLoadImage"]
    assert cls.IS_CHANGED(image="a.png", label="x") == cls.IS_CHANGED(image="b.png", label="y")


def test_no_file_says_what_to_send(node, place):
    with pytest.raises(NodeError, match="no file was given"):
        node("FSLoadImage", image=" ")


@pytest.mark.parametrize("kind", encoding.FORMATS)
def test_pictures_are_saved_in_every_format(own_packs, place, kind):
    report = own_packs.classes["FSSaveImage"]().run(images=frames(2), filename_prefix="out", format=kind)
    paths = outputs(report, "images")
    assert [path.suffix for path in paths] == [f".{kind}"] * 2
    from flowscale_runtime.nodes import images

    assert images.load(paths[1]).image.mean().item() == pytest.approx(1.0, abs=0.02)


def test_quality_and_lossless_do_what_they_say(own_packs, place):
    noise = torch.rand(1, 64, 64, 3, generator=torch.Generator().manual_seed(0))
    save = own_packs.classes["FSSaveImage"]().run
    low, high = (
        outputs(save(images=noise, format="jpg", quality=quality), "images")[0] for quality in (10, 95)
    )
    assert low.stat().st_size * 2 < high.stat().st_size
    from flowscale_runtime.nodes import images

    wanted = (noise * 255).round() / 255
    for kind in ("webp", "heif"):
        (path,) = outputs(save(images=noise, format=kind, lossless=True), "images")
        assert torch.equal(images.load(path).image, wanted)


def test_saved_pictures_carry_the_workflow_unless_it_is_turned_off(own_packs, place):
    save = own_packs.classes["FSSaveImage"]().run
    (path,) = outputs(save(images=frames(1), prompt={"1": 2}), "images")
    with Image.open(path) as saved:
        assert json.loads(saved.text["prompt"]) == {"1": 2}
    folders.use(folders.Folders(place.input, place.output, place.temp, place.user, metadata=False))
    (path,) = outputs(save(images=frames(1), prompt={"1": 2}), "images")
    with Image.open(path) as saved:
        assert saved.text == {}


def test_an_unknown_format_names_the_known_ones(own_packs, place):
    with pytest.raises(NodeError, match="'exe'") as caught:
        own_packs.classes["FSSaveImage"]().run(images=frames(1), format="exe")
    assert "avif" in caught.value.hint


def test_videos_come_as_batches_of_pictures(own_packs, node, place):
    movie_files.save(
        movies.from_images(frames(9), 8, tone()), place.input / "a.mp4", codec="h264", crf=5, metadata={}
    )
    images, audio, fps = node("FSLoadVideo", video="a.mp4", skip_first_frames=1, select_every_nth=4)
    assert [round(value, 1) for value in images.mean((1, 2, 3)).tolist()] == pytest.approx(
        [0.1, 0.6], abs=0.06
    )
    assert fps == 2.0
    assert audio["sample_rate"] == 48000
    (path,) = outputs(own_packs.classes["FSSaveVideo"]().run(images=images, fps=12.0, quality=90), "video")
    assert movies.VideoFile(path).get_frame_rate() == 12
    assert movies.VideoFile(path).get_frame_count() == 2


def test_a_higher_quality_is_a_larger_video(own_packs, place):
    noise = torch.rand(4, 64, 64, 3, generator=torch.Generator().manual_seed(0))
    sizes = [
        outputs(own_packs.classes["FSSaveVideo"]().run(images=noise, quality=quality), "video")[0]
        .stat()
        .st_size
        for quality in (10, 90)
    ]
    assert sizes[0] * 2 < sizes[1]


@pytest.mark.parametrize("kind", ["flac", "wav", "mp3", "ogg"])
def test_sounds_are_saved_and_loaded(own_packs, node, place, kind):
    (path,) = outputs(own_packs.classes["FSSaveAudio"]().run(audio=tone(), format=kind), "audio")
    (place.input / path.name).write_bytes(path.read_bytes())
    back = node("FSLoadAudio", audio=path.name)[0]
    assert back["waveform"].shape[-1] / back["sample_rate"] == pytest.approx(0.5, abs=0.08)
    assert sound.load(path)["waveform"].shape[1] == 2


def test_3d_files_pass_through_by_path(own_packs, node, place):
    (place.input / "a.glb").write_bytes(b"glTF content")
    file_path, model = node("FSLoad3D", model_file="a.glb")
    assert model.format == "glb"
    (path,) = outputs(
        own_packs.classes["FSSave3D"]().run(file_path=file_path, filename_prefix="3d/out"), "files"
    )
    assert (path.suffix, path.read_bytes()) == (".glb", b"glTF content")


def test_3d_outputs_cannot_read_other_files(own_packs, place, tmp_path):
    (tmp_path / "secret.glb").write_bytes(b"1")
    (place.input / "notes.txt").write_bytes(b"1")
    save = own_packs.classes["FSSave3D"]().run
    with pytest.raises(FileProblem):
        save(file_path=str(tmp_path / "secret.glb"))
    with pytest.raises(BadMedia, match="no 3D file"):
        save(file_path="notes.txt")


def test_the_name_of_a_lora_is_one_that_loaders_find(node, place, tmp_path):
    save_file({"a": torch.zeros(1)}, tmp_path / "loras" / "style.safetensors")
    save_file({"a": torch.ones(1)}, place.input / "sent.safetensors")
    assert node("FSLoadLoRA", default_lora_name="style.safetensors") == ("style.safetensors",)
    (name,) = node("FSLoadLoRA", default_lora_name="style.safetensors", lora_url="sent.safetensors")
    assert name == "sent.safetensors [input]"
    assert place.model("loras", name) == (place.input / "sent.safetensors").resolve()
    for missing in ("", "gone.safetensors"):
        with pytest.raises(NodeError):
            node("FSLoadLoRA", default_lora_name=missing)
    with pytest.raises(FetchRefused):
        node("FSLoadLoRA", default_lora_name="", lora_url="https://example.com/a.safetensors")
