"""New folders: what is in them, what they are called, and that nothing is lost."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowscale_cli import naming, templates


def test_a_new_folder_can_be_validated(flowscale: Callable[..., Any], tmp_path: Path) -> None:
    done = flowscale("init", "My Portraits")
    assert (done.code, done.out) == (0, "My Portraits\n")
    folder = tmp_path / "My Portraits"
    assert sorted(path.name for path in folder.iterdir()) == [
        ".gitignore",
        "Pulumi.yaml",
        "README.md",
        "__main__.py",
        "flowscale.yaml",
        "workflow.json",
    ]
    told = json.loads(flowscale("validate", folder, "--json").out)
    assert told["workflows"] == {"my-portraits": "1.0.0"}


def test_the_readme_shows_how_to_run_it(flowscale: Callable[..., Any], tmp_path: Path) -> None:
    flowscale("init", "pair", "--template", "side-by-side", "--name", "before-after")
    readme = (tmp_path / "pair/README.md").read_text()
    assert "flowscale run before-after -i before=@photo.png -i after=@photo.png -o outputs" in readme
    assert "| `gap` | integer | Gap. In pixels. Default: `8`. |" in readme
    assert "It gives `pair` (image)." in readme


def test_what_is_there_is_not_overwritten(flowscale: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/README.md").write_text("my words")
    done = flowscale("init", "mine")
    assert done.code == 1
    assert "README.md" in done.err
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["README.md"]
    assert flowscale("init", "mine", "--force").code == 0
    assert (tmp_path / "mine/README.md").read_text() != "my words"


def test_a_folder_that_is_a_file_is_an_error_in_a_line(flowscale: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = flowscale("init", "file")
    assert (done.code, done.err.count("\n")) == (1, 1)


def test_an_unknown_template_names_the_nearest(flowscale: Callable[..., Any], tmp_path: Path) -> None:
    done = flowscale("init", "x", "-t", "contact-sheets")
    assert (done.code, "did you mean contact-sheet?" in done.err) == (2, True)
    assert not (tmp_path / "x").exists()


def test_templates_are_listed_with_what_they_do(flowscale: Callable[..., Any]) -> None:
    listed = json.loads(flowscale("init", "--list", "--json").out)
    assert [each["name"] for each in listed] == templates.names()
    lines = flowscale("init", "--list").out.splitlines()
    assert lines[0] == "name\tdescription"
    assert "negative\tTurns the colours of a photo around." in lines


@pytest.mark.parametrize(
    ("words", "name", "key"),
    [
        ("My Photo 2", "my-photo-2", "my_photo_2"),
        ("KSampler Advanced", "ksampler-advanced", "ksampler_advanced"),
        ("stepsPerFrame", "steps-per-frame", "steps_per_frame"),
        ("Größe", "groe", "groe"),
        ("3D", "3-d", "_3_d"),
        ("写真", "workflow", ""),
        ("---", "workflow", ""),
        ("a" * 70, "a" * 63, "a" * 63),
    ],
)
def test_names_are_made_of_words(words: str, name: str, key: str) -> None:
    assert (naming.document_name(words), naming.key(words)) == (name, key)
