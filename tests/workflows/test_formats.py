"""Files of every form are read, and anything else is refused with one kind of error."""

import json
from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from flowscale_workflows import formats, metadata
from flowscale_workflows.errors import FormatError, GraphError, WorkflowError
from flowscale_workflows.formats import WorkflowFile

Json = dict[str, Any]
UI: Json = {"nodes": [{"id": 1, "type": "A"}], "links": []}


def png(**texts: str) -> bytes:
    info = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        info.add_text(key, text)
    buffer = BytesIO()
    Image.new("RGB", (2, 2)).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def test_api_json_gives_the_graph(text_to_image: Json) -> None:
    file = formats.read(json.dumps(text_to_image).encode(), "w.json")
    assert file.graph == text_to_image
    assert file.ui is None
    assert file.name == "w.json"


def test_editor_json_gives_the_ui() -> None:
    assert formats.read(json.dumps(UI).encode()) == WorkflowFile(None, UI)


def test_a_node_without_inputs_gets_empty_ones() -> None:
    assert formats.read(b'{"1": {"class_type": "A"}}').graph == {"1": {"class_type": "A", "inputs": {}}}


@pytest.mark.parametrize("key", ["prompt", "output"])
def test_what_a_queue_wraps_around_is_taken_off(text_to_image: Json, key: str) -> None:
    file = formats.read(json.dumps({key: text_to_image, "workflow": UI}).encode())
    assert (file.graph, file.ui) == (text_to_image, UI)


def test_a_byte_order_mark_and_utf16_are_read(text_to_image: Json) -> None:
    text = json.dumps(text_to_image)
    assert formats.read(text.encode("utf-8-sig")).graph == text_to_image
    assert formats.read(text.encode("utf-16")).graph == text_to_image


def test_nan_becomes_null() -> None:
    assert formats.read(b'{"1": {"class_type": "A", "inputs": {"x": NaN}, "is_changed": [NaN]}}').graph == {
        "1": {"class_type": "A", "inputs": {"x": None}, "is_changed": [None]}
    }


def test_large_seeds_stay_exact() -> None:
    graph = formats.read(b'{"1": {"class_type": "A", "inputs": {"seed": 18446744073709551615}}}').graph
    assert graph is not None
    assert graph["1"]["inputs"]["seed"] == 2**64 - 1


def test_a_png_gives_both_forms(text_to_image: Json) -> None:
    file = formats.read(png(prompt=json.dumps(text_to_image), workflow=json.dumps(UI)))
    assert (file.graph, file.ui) == (text_to_image, UI)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"hello", "neither JSON"),
        (b"{", "not JSON"),
        (b"[1]", "another JSON value"),
        (b"{}", "no nodes"),
        (b'{"1": {"class_type": "A"}, "note": 1}', "'note' has none"),
        (b'{"a": 1}', "no workflow"),
        (b'{"nodes": [], "links": []}', "no nodes"),
        (b'{"nodes": [{"type": "A"}], "links": []}', "an id and a type"),
        (b"\xff\xd8\xff\xe0", "neither JSON"),
    ],
)
def test_other_bytes_are_refused(data: bytes, said: str) -> None:
    with pytest.raises(WorkflowError) as caught:
        formats.read(data)
    assert said in str(caught.value)


def test_a_png_without_a_workflow_says_so() -> None:
    with pytest.raises(FormatError, match="PNG file holds no workflow"):
        formats.read(png(author="me"))


def test_the_file_name_stands_in_front() -> None:
    with pytest.raises(FormatError, match=r"^w\.json: The file is empty"):
        formats.read(b"", "w.json")


def test_the_kind_of_the_error_stays_with_a_name() -> None:
    with pytest.raises(GraphError, match=r"^w\.json: The graph has a cycle"):
        formats.read(b'{"1": {"class_type": "A", "inputs": {"x": ["1", 0]}}}', "w.json")


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_deep_json_is_refused(opening: bytes) -> None:
    with pytest.raises(WorkflowError):
        formats.read(opening * 200_000)
    with pytest.raises(WorkflowError):
        formats.read(b'{"1": {"class_type": "A", "inputs": {"x": ' + b"[" * 900 + b"]" * 900 + b"}}}")


HEADS = st.sampled_from(
    [
        b"",
        b"{",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\x10\0\0\0WEBP",
        b"\0\0\0\x18ftypisom",
        b"\0\0\0\x18ftypavif",
        b"\x1a\x45\xdf\xa3",
        b"fLaC",
        b"OggS",
        b"ID3\x04\0\0",
        b"glTF\x02\0\0\0",
        b"\x76\x2f\x31\x01",
        b"<svg><metadata><![CDATA[",
        b"\x20\0\0\0\0\0\0\0{",
    ]
)


@given(HEADS, st.binary(max_size=300))
def test_any_bytes_give_a_workflow_or_a_workflow_error(head: bytes, tail: bytes) -> None:
    with suppress(WorkflowError):
        assert isinstance(formats.read(head + tail), WorkflowFile)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["1", "2", "class_type", "inputs", "nodes", "links", "prompt", "workflow", "id"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(JSON)
def test_any_json_gives_a_workflow_or_a_workflow_error(value: object) -> None:
    with suppress(WorkflowError):
        assert isinstance(formats.read(json.dumps(value).encode()), WorkflowFile)


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_damaged_png_gives_a_workflow_or_a_workflow_error(place: int, byte: int) -> None:
    graph = {"1": {"class_type": "A", "inputs": {"text": "é" * 20}}}
    data = bytearray(metadata.with_png_text(png(), {"prompt": json.dumps(graph, ensure_ascii=False)}))
    data[place % len(data)] = byte
    for damaged in (bytes(data), bytes(data[:place])):
        with suppress(WorkflowError):
            assert isinstance(formats.read(damaged), WorkflowFile)
