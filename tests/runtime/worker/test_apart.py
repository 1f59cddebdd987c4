"""Folders of single runs: files laid where nodes look, named by their run, and shown when they are published."""

import pytest

from flowscale_runtime.stores.objects import FolderObjects
from flowscale_runtime.worker.apart import Apart, under

SAVED = {"filename": "a_00001_.png", "subfolder": "deep", "type": "output"}
TEMP = {"filename": "b.png", "subfolder": "", "type": "temp"}


@pytest.fixture
def objects(tmp_path):
    return FolderObjects(tmp_path / "objects")


@pytest.fixture
def apart(tmp_path, objects):
    return Apart(tmp_path / "apart", objects)


def test_a_run_has_folders_with_the_files_that_it_names(apart, objects, tmp_path):
    folders = apart.make("run", {"input": {"deep/photo.png": objects.put(b"photo")}})
    assert set(folders) == {"input", "output", "temp"}
    assert (tmp_path / "apart/run/input/deep/photo.png").read_bytes() == b"photo"
    apart.drop("run")
    assert not (tmp_path / "apart/run").exists()
    apart.drop("run")


@pytest.mark.parametrize("path", ["../photo.png", "/etc/photo.png", "deep/../../photo.png"])
def test_no_file_is_laid_outside_of_the_folders(apart, objects, path):
    with pytest.raises(ValueError, match="leads out"):
        apart.make("run", {"input": {path: objects.put(b"photo")}})


def test_what_an_earlier_process_left_is_removed(apart, objects, tmp_path):
    apart.make("run", {})
    Apart(tmp_path / "apart", objects)
    assert not (tmp_path / "apart/run").exists()


def test_files_are_named_by_their_run_and_nothing_else_is_changed():
    ui = {
        "images": [SAVED, TEMP],
        "text": ["x"],
        "animated": (True,),
        "mine": [{"type": "input", "filename": "c"}],
    }
    assert under("run", ui) == {
        "images": [{**SAVED, "subfolder": "run/deep"}, {**TEMP, "subfolder": "run"}],
        "text": ["x"],
        "animated": (True,),
        "mine": [{"type": "input", "filename": "c"}],
    }


def test_what_shows_files_is_told_when_they_are_published(apart):
    events = [["start", "1"], ["done", "1", {"images": [SAVED]}, True], ["done", "2", {"text": ["x"]}, True]]
    assert apart.telling("run", events) == [
        ["start", "1"],
        ["done", "1", None, True],
        ["done", "2", {"text": ["x"]}, True],
    ]
    assert apart.published("other") == []
    assert apart.published("run") == [["done", "1", {"images": [{**SAVED, "subfolder": "run/deep"}]}, False]]
    assert apart.published("run") == []


def test_a_result_is_named_the_same_way(apart):
    result = {
        "outputs": [{"metadata": {"width": 8, **SAVED}}, {"metadata": {"width": 8}}],
        "trace": {"ui": {"1": {"images": [SAVED]}}},
    }
    apart.named("run", result)
    assert result["outputs"] == [
        {"metadata": {"width": 8, **SAVED, "subfolder": "run/deep"}},
        {"metadata": {"width": 8}},
    ]
    assert result["trace"]["ui"] == {"1": {"images": [{**SAVED, "subfolder": "run/deep"}]}}
