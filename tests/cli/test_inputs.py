"""Inputs as they are typed."""

from pathlib import Path

import pytest

from flowscale_cli.errors import UsageError
from flowscale_cli.inputs import given


def test_values_are_texts() -> None:
    assert given(["prompt=a = b", "steps=20", "empty="]) == {"prompt": "a = b", "steps": "20", "empty": ""}


def test_json_is_taken_as_it_is() -> None:
    assert given(['size:={"w": 1}', "on:=true", "names:=[1, 2]"]) == {
        "size": {"w": 1},
        "on": True,
        "names": [1, 2],
    }


def test_files_are_paths(tmp_path: Path) -> None:
    (tmp_path / "photo.png").touch()
    assert given([f"photo=@{tmp_path}/photo.png"]) == {"photo": tmp_path / "photo.png"}


def test_a_name_given_twice_makes_a_list() -> None:
    assert given(["tag=a", "tag=b", "tag=c"]) == {"tag": ["a", "b", "c"]}


def test_inputs_come_from_a_json_file_too(tmp_path: Path) -> None:
    (tmp_path / "inputs.json").write_text('{"prompt": "a fox", "steps": 4}')
    assert given([f"@{tmp_path}/inputs.json", "seed=1"]) == {"prompt": "a fox", "steps": 4, "seed": "1"}


def test_nothing_is_nothing() -> None:
    assert given(None) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prompt", "NAME=VALUE"),
        ("=a", "NAME=VALUE"),
        ("photo=@nowhere.png", "no file nowhere.png"),
        ("size:={", "no JSON"),
        ("@nowhere.json", "can't be read"),
    ],
)
def test_what_is_no_input_is_wrong_usage(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        given([text])


def test_a_file_of_inputs_holds_an_object(tmp_path: Path) -> None:
    (tmp_path / "inputs.json").write_text("[1]")
    with pytest.raises(UsageError, match="must hold a JSON object"):
        given([f"@{tmp_path}/inputs.json"])
