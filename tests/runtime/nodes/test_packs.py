"""Packs: loading, isolation of failures, definitions, digests."""

import json
import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from flowscale_runtime.nodes import packs

PACK = """
class Twice:
    RETURN_TYPES = ("INT",)
    FUNCTION = "go"
    CATEGORY = "test"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("INT", {"default": 1})}}

    def go(self, value):
        return (value * 2,)

NODE_CLASS_MAPPINGS = {"Twice": Twice}
NODE_DISPLAY_NAME_MAPPINGS = {"Twice": "Two times"}
"""


def write(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        file = "__init__.py" if name == "__init__" else name.replace("__", ".", 1)
        (folder / file).write_text(content)


@pytest.fixture
def custom(tmp_path):
    folder = tmp_path / "custom_nodes"
    folder.mkdir()
    yield folder
    for name in [name for name in sys.modules if name.startswith("custom_nodes.")]:
        del sys.modules[name]


def load(folder):
    return packs.load([folder], entry_points=[])


def test_a_folder_and_a_single_file_are_packs(custom):
    (custom / "single.py").write_text(PACK)
    write(custom / "folder", __init__=PACK.replace("Twice", "Again"))
    loaded = load(custom)
    assert sorted(loaded.classes) == ["Again", "Twice"]
    assert loaded.failures == ()
    assert loaded.definitions["Twice"]["display_name"] == "Two times"
    assert loaded.definitions["Twice"]["python_module"] == "custom_nodes.single"
    assert loaded.origins == {"Again": "folder", "Twice": "single"}


def test_a_pack_can_import_its_own_modules(custom):
    write(custom / "split", __init__="from .inner import NODE_CLASS_MAPPINGS", inner__py=PACK)
    assert list(load(custom).classes) == ["Twice"]


def test_a_failing_pack_takes_no_other_down(custom):
    (custom / "a_broken.py").write_text("raise RuntimeError('no card')")
    (custom / "b_fine.py").write_text(PACK)
    loaded = load(custom)
    assert list(loaded.classes) == ["Twice"]
    (failure,) = loaded.failures
    assert (failure.pack, failure.message) == ("a_broken", "RuntimeError: no card")
    assert "no card" in failure.traceback
    assert "custom_nodes.a_broken" not in sys.modules


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("import surely_absent_library", "install surely_absent_library"),
        ("import comfy.sd", "a checkout of it in FLOWSCALE_COMFYUI"),
        ("def broken(:", "doesn't parse"),
        ("raise SystemExit(3)", "tried to end the process"),
        ("value = 1", "NODE_CLASS_MAPPINGS"),
        ("async def comfy_entrypoint(): ...", "comfy_entrypoint"),
    ],
)
def test_a_failure_says_what_to_do(custom, source, hint):
    (custom / "pack.py").write_text(source)
    (failure,) = load(custom).failures
    assert hint in failure.hint


def test_the_first_pack_keeps_a_class_name(custom):
    (custom / "a.py").write_text(PACK)
    (custom / "b.py").write_text(PACK.replace("* 2", "* 3"))
    loaded = load(custom)
    assert loaded.classes["Twice"]().go(1) == (2,)
    assert [failure.message for failure in loaded.failures] == ["the class Twice is already in the pack a"]


def test_one_class_that_cannot_be_described_is_left_out(custom):
    bad = PACK + "\nclass Bad:\n    @classmethod\n    def INPUT_TYPES(cls): raise ValueError('x')\n"
    (custom / "pack.py").write_text(bad + "NODE_CLASS_MAPPINGS['Bad'] = Bad\n")
    loaded = load(custom)
    assert list(loaded.classes) == ["Twice"]
    assert loaded.failures[0].message.startswith("the class Bad can't be described")


def test_disabled_and_hidden_entries_are_passed_over(custom):
    write(custom / "old.disabled", __init__=PACK)
    write(custom / ".git", __init__=PACK)
    write(custom / "data")
    assert load(custom).classes == {}


def test_early_scripts_run_before_any_pack_is_imported(custom, tmp_path):
    log = tmp_path / "log"
    note = "with open({path!r}, 'a') as file: file.write({word!r})"
    for name in ("a", "b"):
        write(
            custom / name,
            __init__=note.format(path=str(log), word=f"import {name};") + "\nNODE_CLASS_MAPPINGS = {}",
            prestartup_script__py=note.format(path=str(log), word=f"early {name};"),
        )
    load(custom)
    assert log.read_text() == "early a;early b;import a;import b;"


def test_a_failing_early_script_is_reported_and_the_pack_still_loads(custom):
    write(custom / "pack", __init__=PACK, prestartup_script__py="1 / 0")
    loaded = load(custom)
    assert list(loaded.classes) == ["Twice"]
    assert [failure.message for failure in loaded.failures] == ["ZeroDivisionError: division by zero"]


def test_web_folders_come_from_the_module_or_the_project_and_stay_inside(custom):
    write(custom / "a", __init__=PACK + "\nWEB_DIRECTORY = './js'")
    write(custom / "a" / "js")
    write(custom / "b", __init__="NODE_CLASS_MAPPINGS = {}", pyproject__toml='[tool.comfy]\nweb = "web"\n')
    write(custom / "b" / "web")
    write(custom / "c", __init__="NODE_CLASS_MAPPINGS = {}\nWEB_DIRECTORY = '../a'")
    assert load(custom).web == {"a": custom / "a" / "js", "b": custom / "b" / "web"}


def test_the_digest_follows_the_sources(custom):
    (custom / "pack.py").write_text(PACK)
    first = load(custom).digest
    assert load(custom).digest == first
    assert first.startswith("sha256:")
    (custom / "pack.py").write_text(PACK + "# changed\n")
    assert load(custom).digest != first


def test_a_missing_entry_point_is_a_failure(own_packs):
    loaded = packs.load(entry_points=[EntryPoint("gone", "surely_absent_pack", packs.GROUP)])
    assert loaded.failures[0].pack == "gone"
    assert own_packs.failures == ()


def test_every_definition_is_complete_plain_json(own_packs):
    assert len(own_packs.definitions) > 150
    for name, definition in own_packs.definitions.items():
        assert json.loads(json.dumps(definition)) == definition, name
        assert definition["name"] == name
        assert definition["category"], name
        assert definition["description"], name
        assert len(definition["output"]) == len(definition["output_name"]), name
        cls = own_packs.classes[name]
        assert callable(getattr(cls, cls.FUNCTION)), name


def test_the_io_nodes_of_the_rest_contract_have_its_keys(own_packs):
    def keys(name):
        return list(own_packs.definitions[name]["input"]["required"])

    assert keys("FSLoadText") == ["default_value", "label"]
    assert keys("FSLoadInteger") == ["default_value", "label"]
    assert keys("FSLoadImage") == ["image", "label"]
    assert keys("FSLoadImageFromURL") == ["image_url", "label"]
    assert keys("FSLoadVideo") == ["video", "skip_first_frames", "select_every_nth", "label"]
    assert keys("FSLoadVideoFromURL") == ["video_url", "skip_first_frames", "select_every_nth", "label"]
    assert keys("FSLoadAudio") == ["audio", "label"]
    assert keys("FSLoadAudioFromURL") == ["audio_url", "label"]
    assert keys("FSLoad3D") == ["model_file", "label"]
    assert keys("FSLoadLoRA") == ["default_lora_name", "lora_url", "auth_token", "save_filename", "label"]
    assert keys("FSSaveText") == ["text", "filename_prefix", "label"]
    assert keys("FSSaveInteger") == ["integer", "filename_prefix", "label"]
    assert keys("FSSaveImage") == ["images", "filename_prefix", "format", "quality", "lossless", "label"]
    assert keys("FSSaveVideo") == ["images", "filename_prefix", "fps", "quality", "label"]
    assert keys("FSSaveAudio") == ["audio", "filename_prefix", "format", "quality", "label"]
    assert keys("FSSave3D") == ["file_path", "filename_prefix", "label"]
    saved = own_packs.definitions["FSSaveImage"]["input"]["required"]
    assert saved["format"][1]["options"] == ["png", "jpg", "jpeg", "webp", "avif", "heif"]
    assert saved["quality"][1]["default"] == 95
    assert own_packs.definitions["FSSaveVideo"]["input"]["required"]["fps"][1]["default"] == 24


def test_describing_every_node_loads_no_heavy_library():
    code = """
import sys
from importlib.metadata import EntryPoint
from flowscale_runtime.nodes import packs
names = sys.argv[1:]
points = [EntryPoint(name, "flowscale_runtime.nodes." + name, packs.GROUP) for name in names]
loaded = packs.load(entry_points=points)
assert loaded.definitions and not loaded.failures, loaded.failures
heavy = ("torch", "numpy", "PIL", "av", "safetensors", "simpleeval", "pillow_heif")
print([name for name in heavy if name in sys.modules])
"""
    names = ["audio", "fs", "image", "latent", "mask", "primitives", "text", "three_d", "video"]
    done = subprocess.run([sys.executable, "-c", code, *names], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
