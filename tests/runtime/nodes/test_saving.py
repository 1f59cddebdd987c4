"""File names of outputs: prefixes, tokens, numbers, and what can't be one."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowscale_runtime.nodes import folders, saving
from flowscale_runtime.nodes.errors import FileProblem

NOON = datetime(2026, 3, 4, 12, 5, 6, tzinfo=UTC)


def test_files_are_numbered_past_what_is_there(place):
    (place.output / "run_00007_.png").write_bytes(b"")
    (place.output / "run_00002_.jpg").write_bytes(b"")
    (place.output / "running_00050_.png").write_bytes(b"")
    target = saving.destination("run")
    assert [target.path("png", index).name for index in range(2)] == ["run_00008_.png", "run_00009_.png"]


def test_a_prefix_may_hold_folders(place):
    target = saving.destination("video/best/run")
    path = target.path("mp4")
    assert path == place.output / "video" / "best" / "run_00001_.mp4"
    assert target.entry(path) == {"filename": "run_00001_.mp4", "subfolder": "video/best", "type": "output"}
    assert path.parent.is_dir()


def test_tokens_are_filled_in(place):
    target = saving.destination(
        "%year%-%month%-%day%_%hour%%minute%%second%_%width%x%height%", width=3, height=4, now=NOON
    )
    assert target.name == "2026-03-04_120506_3x4"


def test_the_place_in_a_batch_can_be_in_the_name(place):
    target = saving.destination("a%batch_num%b")
    assert [target.path("png", index).name for index in (0, 1)] == ["a0b_00001_.png", "a1b_00002_.png"]
    target.path("png", 1).write_bytes(b"")
    assert saving.destination("a%batch_num%b").counter == 3


@pytest.mark.parametrize(
    "prefix", ["../out", "/tmp/out", "a/../../out", "..", "a/..", "x" * 300, "\\..\\..\\x"]
)
def test_prefixes_that_lead_out_or_cannot_be_names_are_refused(place, prefix):
    with pytest.raises(FileProblem):
        saving.destination(prefix)


def test_an_empty_prefix_has_a_name(place):
    assert saving.destination("").path("png").name == "ComfyUI_00001_.png"
    assert saving.destination("folder/").path("png").name == "folder_00001_.png"


@given(prefix=st.text(max_size=60))
def test_no_prefix_ever_leads_out(tmp_path_factory, prefix):
    root = tmp_path_factory.mktemp("run", numbered=True)
    before = folders._current
    folders.use(folders.Folders(root / "in", root / "out", root / "temp", root / "user"))
    (root / "out").mkdir()
    try:
        path = saving.destination(prefix, now=NOON).path("txt")
    except FileProblem:
        return
    finally:
        folders._current = before
    assert (root / "out").resolve() in path.resolve().parents
    path.write_text("x")


def test_metadata_can_be_turned_off(place):
    assert saving.metadata({"1": {}}, {"workflow": {}}) == {"prompt": {"1": {}}, "workflow": {}}
    assert saving.metadata(None, None) == {}
    folders.use(folders.Folders(place.input, place.output, place.temp, place.user, metadata=False))
    assert saving.metadata({"1": {}}, {}) == {}
