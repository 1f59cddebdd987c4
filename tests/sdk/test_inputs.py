"""Inputs of every kind, as they arrive at a server that reads the wire contract."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowscale import File, FlowScaleValidationError
from flowscale._core import inputs as forms
from flowscale._core.requests import FormBody, JsonBody
from flowscale.testing import FakeUpload, MockFlowScaleClient

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NAMES = st.text("abcdefghij_0123456789 ü", min_size=1, max_size=12)
PLAIN = TEXT | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)


def arrived(**inputs):
    """What the server made of the inputs."""
    client = MockFlowScaleClient()
    client.runs.execute(inputs)
    (run,) = client.server.runs.values()
    return run.inputs


@given(st.dictionaries(TEXT, PLAIN | st.lists(PLAIN)))
def test_without_files_everything_keeps_its_type(inputs):
    assert arrived(**inputs) == inputs
    assert isinstance(forms.encode(forms.merge(inputs, {}), {}, "b"), JsonBody)


@given(st.dictionaries(NAMES, st.binary(), min_size=1))
def test_every_byte_of_a_file_arrives(files):
    received = arrived(**files)
    assert {name: upload.content for name, upload in received.items()} == files


def test_beside_a_file_values_travel_as_the_contract_says():
    received = arrived(
        image=b"png", yes=True, no=False, number=7, share=0.5, text="ümläut\r\n", none=None,
        words=["a", "b"], box={"x": 1, "é": [True]},
    )  # fmt: skip
    assert received.pop("image") == FakeUpload("image", b"png", "application/octet-stream")
    assert received == {
        "yes": "True", "no": "False", "number": "7", "share": "0.5", "text": "ümläut\r\n",
        "words": ["a", "b"], "box": '{"x": 1, "é": [true]}',
    }  # fmt: skip


def test_a_missing_input_is_left_out_in_every_encoding():
    assert arrived(prompt="x", seed=None) == {"prompt": "x"}
    assert set(arrived(prompt="x", seed=None, image=b"1")) == {"prompt", "image"}


def test_files_come_from_paths_streams_bytes_and_uploads(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(b"one")
    upload = type(
        "UploadFile", (), {"file": io.BytesIO(b"four"), "filename": "u.webp", "content_type": "image/webp"}
    )()
    with path.open("rb") as stream:
        received = arrived(
            path=path, stream=stream, memory=io.BytesIO(b"two"), view=memoryview(b"three"), upload=upload,
            named=File(b"five", "five.txt", "text/x-five"), unnamed=File(path),
        )  # fmt: skip
    assert received == {
        "path": FakeUpload("photo.png", b"one", "image/png"),
        "stream": FakeUpload("photo.png", b"one", "image/png"),
        "memory": FakeUpload("memory", b"two", "application/octet-stream"),
        "view": FakeUpload("view", b"three", "application/octet-stream"),
        "upload": FakeUpload("u.webp", b"four", "image/webp"),
        "named": FakeUpload("five.txt", b"five", "text/x-five"),
        "unnamed": FakeUpload("photo.png", b"one", "image/png"),
    }


def test_a_list_of_files_keeps_its_order_even_with_urls_between():
    received = arrived(references=[b"1", "https://images.example/2.png", b"3"])["references"]
    assert [getattr(item, "content", item) for item in received] == [
        b"1",
        "https://images.example/2.png",
        b"3",
    ]


def test_a_text_is_never_taken_for_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "README.md").write_text("secret")
    assert arrived(prompt="README.md") == {"prompt": "README.md"}


def test_urls_and_data_urls_travel_as_text():
    urls = {"a": "https://images.example/a.png", "b": "data:image/png;base64,iVBORw0KGgo="}
    assert arrived(**urls) == urls


def test_an_output_is_an_input_by_its_url():
    client = MockFlowScaleClient()
    result = client.runs.execute(prompt="x")
    client.runs.execute(image=result.outputs[0])
    assert client.server.runs["00000000-0000-7000-8000-000000000002"].inputs == {
        "image": result.outputs[0].url
    }


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (object(), "unsupported_type"),
        ({1, 2}, "unsupported_type"),
        (float("nan"), "unsupported_type"),
        ({"file": b"inside"}, "unsupported_type"),
        ([object()], "unsupported_type"),
        (io.TextIOWrapper(io.BytesIO()), "opened_as_text"),
    ],
)
def test_what_cannot_be_sent_is_refused_before_anything_is_sent(value, reason):
    client = MockFlowScaleClient()
    with pytest.raises(FlowScaleValidationError, match="input 'thing'") as raised:
        client.runs.execute(thing=value)
    assert raised.value.details == {"field": "thing", "reason": reason}
    assert client.server.requests == []


def test_json_bodies_hold_options_beside_inputs_and_forms_do_not():
    inputs = forms.merge({"prompt": "x"}, {})
    assert json.loads(forms.encode(inputs, {"priority": 1}, "b").content) == {"inputs": inputs, "priority": 1}
    form = forms.encode(forms.merge({"image": b"1"}, {}), {"priority": 1}, "b")
    assert isinstance(form, FormBody)
    assert [name for name, _ in form.fields] == ["image"]
