"""Names stay inside their folders, and errors say where a file was looked for."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowscale_runtime.nodes import folders
from flowscale_runtime.nodes.errors import FetchRefused, FileProblem, FoldersNotSet


def test_a_name_is_found_in_the_input_folder_or_where_it_says(place):
    (place.input / "a.png").write_bytes(b"in")
    (place.output / "a.png").write_bytes(b"out")
    assert place.file("a.png").read_bytes() == b"in"
    assert place.file("a.png [output]").read_bytes() == b"out"
    assert place.file("a.png", "output").read_bytes() == b"out"


def test_a_missing_file_says_which_folder_lacks_it(place):
    with pytest.raises(FileProblem, match=r"no file 'gone\.png' in the input folder") as caught:
        place.file("gone.png")
    assert "upload it" in caught.value.hint


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/../../secret", "..\\secret", "", "a\0b"])
def test_names_that_lead_out_are_refused(place, name):
    (place.input.parent / "secret").write_text("x")
    with pytest.raises(FileProblem):
        place.file(name)


def test_a_link_that_leads_out_is_refused(place):
    (place.input.parent / "secret").write_text("x")
    (place.input / "link").symlink_to(place.input.parent / "secret")
    with pytest.raises(FileProblem, match="leads out"):
        place.file("link")


@given(st.text(max_size=40))
def test_no_name_ever_leads_out(tmp_path_factory, attempt, name):
    root = tmp_path_factory.getbasetemp().resolve()
    path, refused = attempt(FileProblem, folders.inside, root, name)
    assert refused or path == root or root in path.parents


def test_full_paths_are_only_taken_from_the_folders_of_the_run(place):
    inner = place.output / "mesh.glb"
    inner.write_bytes(b"glTF")
    assert place.path(str(inner)) == inner.resolve()
    with pytest.raises(FileProblem):
        place.path("/etc/passwd")
    with pytest.raises(FileProblem):
        place.path(str(place.output / "gone.glb"))


def test_models_come_from_the_first_folder_that_has_them(place, tmp_path):
    other = tmp_path / "more"
    other.mkdir()
    (other / "b.safetensors").write_bytes(b"2")
    (tmp_path / "loras" / "a.safetensors").write_bytes(b"1")
    both = folders.Folders(
        place.input, place.output, place.temp, place.user, {"loras": [tmp_path / "loras", other]}
    )
    assert both.model("loras", "b.safetensors").read_bytes() == b"2"
    assert both.model_names("loras") == ["a.safetensors", "b.safetensors"]
    with pytest.raises(FileProblem, match="no model 'c'"):
        both.model("loras", "c")


def test_an_uploaded_model_is_named_by_its_folder(place):
    (place.input / "own.safetensors").write_bytes(b"3")
    assert place.model("loras", "own.safetensors [input]").read_bytes() == b"3"


def test_choices_list_the_input_folder_only_where_browsing_is_allowed(place):
    (place.input / "a.png").write_bytes(b"")
    (place.input / "b.txt").write_bytes(b"")
    assert folders.choices([".png"]) == []
    folders.use(folders.Folders(place.input, place.output, place.temp, place.user, browse=True))
    assert folders.choices([".png"]) == ["a.png"]


def test_urls_are_refused_without_a_fetcher_and_go_through_it_otherwise(place, tmp_path):
    with pytest.raises(FetchRefused) as caught:
        place.fetched("https://example.com/a.png")
    assert "submit the URL as an input" in caught.value.hint
    seen = []

    def fetch(url):
        seen.append(url)
        return tmp_path / "got"

    able = folders.Folders(place.input, place.output, place.temp, place.user, fetch=fetch)
    assert able.fetched("https://example.com/a.png") == tmp_path / "got"
    assert seen == ["https://example.com/a.png"]


def test_without_an_engine_there_are_no_folders():
    before = folders._current
    folders._current = None
    try:
        with pytest.raises(FoldersNotSet):
            folders.current()
        assert folders.check_file("a.png") == (
            "no folders are set for nodes: call folders.use(Folders(...)) before a run"
        )
    finally:
        folders._current = before


def test_a_file_check_leaves_links_alone(place):
    (place.input / "a.png").write_bytes(b"")
    assert folders.check_file(None) is True
    assert folders.check_file("a.png") is True
    assert "no file 'b.png'" in folders.check_file("b.png")


def test_the_working_folder_does_not_matter(place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (place.input / "a.png").write_bytes(b"1")
    assert place.file("a.png").read_bytes() == b"1"
    assert Path.cwd() == tmp_path
