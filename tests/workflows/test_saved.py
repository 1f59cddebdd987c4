"""Node definitions that are saved beside a spec."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowscale_workflows import saved
from flowscale_workflows.errors import WorkflowError

UPLOAD = {
    "input": {"required": {"image": [["a.png", "b.png"], {"image_upload": True}], "n": ["INT", {"min": 0}]}}
}
UPLOAD_V3 = {"input": {"required": {"image": ["COMBO", {"options": ["a.png"], "video_upload": True}]}}}
MODEL = {"input": {"required": {"ckpt_name": [["sd15.safetensors"], {}]}}}


def test_a_folder_without_the_file_has_none(tmp_path):
    assert saved.read(tmp_path) is None


def test_what_was_written_is_read_again(tmp_path):
    (tmp_path / saved.NAME).write_bytes(saved.written({"B": MODEL, "A": UPLOAD_V3}))
    found = saved.read(tmp_path)
    assert list(found) == ["A", "B"]
    assert found["B"] == MODEL


def test_each_class_has_a_line_so_that_git_shows_which_changed():
    lines = saved.written({"B": MODEL, "A": UPLOAD}).decode().splitlines()
    assert [line[:4] for line in lines] == ["{", '"A":', '"B":', "}"]


def test_files_that_happen_to_lie_in_the_input_folder_are_left_out():
    found = saved.parse(json.dumps({"A": UPLOAD, "B": UPLOAD_V3}).encode(), "x")
    assert found["A"]["input"]["required"]["image"] == [[], {"image_upload": True}]
    assert found["A"]["input"]["required"]["n"] == ["INT", {"min": 0}]
    assert found["B"]["input"]["required"]["image"] == ["COMBO", {"options": [], "video_upload": True}]


def test_models_stay_for_they_are_what_a_caller_can_choose():
    found = saved.parse(json.dumps({"A": MODEL}).encode(), "x")
    assert found == {"A": MODEL}


def test_a_class_has_the_same_digest_whatever_the_order_of_its_keys():
    turned = {"input": {"required": dict(reversed(UPLOAD["input"]["required"].items()))}}
    assert saved.digests({"A": UPLOAD})["A"] != saved.digests({"A": MODEL})["A"]
    assert saved.digests({"A": UPLOAD}) == saved.digests({"A": turned})


@given(st.binary(max_size=40))
def test_what_is_no_json_is_refused_with_its_place(data):
    with pytest.raises(WorkflowError, match="http://gpu:8188/object_info"):
        saved.parse(b"x" + data, "http://gpu:8188/object_info")


@pytest.mark.parametrize(
    "wrong", ["[]", '{"A": 1}', '{"A": {"input": []}}', '{"error": {"message": "no"}}', "<html>"]
)
def test_answers_of_other_servers_are_no_definitions(wrong):
    with pytest.raises(WorkflowError):
        saved.parse(wrong.encode(), "x")
