"""YAML is read as YAML 1.2, with places, and what is dangerous or ambiguous is refused."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from flowscale_specs.reading import Reading, place, pointer, read_file, read_text
from flowscale_specs.reading.anchors import MAX_EXPANSION
from flowscale_specs.reading.building import MAX_DEPTH
from flowscale_specs.reading.files import MAX_BYTES

FILE = Path("a.yaml")


def read(text: str) -> Any:
    reading = read_text(text.encode(), FILE)
    assert reading.errors == []
    return reading.documents[0][0]


def errors(data: str | bytes) -> list[str]:
    return [str(error) for error in read_text(data.encode() if isinstance(data, str) else data, FILE).errors]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("on", "on"),
        ("no", "no"),
        ("Yes", "Yes"),
        ("off", "off"),
        ("y", "y"),
        ("12:30", "12:30"),
        ("12:30:45", "12:30:45"),
        ("1_000", "1_000"),
        ("2024-01-31", "2024-01-31"),
        ("2024-01-31T10:00:00Z", "2024-01-31T10:00:00Z"),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("0b11", "0b11"),
        ("1e3", 1000.0),
        ("1.5e-3", 0.0015),
        (".5", 0.5),
        ("1.", 1.0),
        ("+7", 7),
        ("=", "="),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("", None),
        (".inf", math.inf),
        ("2.1.0", "2.1.0"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("!!str 5", "5"),
        ("! 5", "5"),
        ("!!int 5", 5),
        ("!!float 5.0", 5.0),
        ("9" * 100, "9" * 100),
        ("1" + "e" * 3, "1eee"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(written: str, value: Any) -> None:
    found = read(f"a: {written}")["a"]
    assert found == value
    assert type(found) is type(value) or isinstance(found, type(value))


@pytest.mark.parametrize("key", ["on", "no", "1", "1.0", "1e3", "12:30", "null", "true", "2.0.0", "~", "''"])
def test_keys_are_text_as_it_is_written(key: str) -> None:
    assert list(read(f"{{{key}: 1}}")) == [key.strip("'")]


@given(value=st.integers())
def test_whole_numbers_keep_their_value(value: int) -> None:
    assert read(f"a: {value}")["a"] == (value if len(str(value)) <= 64 else str(value))


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_keep_their_value(value: float) -> None:
    assert read(f"a: {value!r}")["a"] == value


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("ab\u00e9\n :#-'\""),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(value=st.dictionaries(st.text("abc", min_size=1), _json))
def test_json_is_read_as_json(value: dict[str, Any]) -> None:
    import json

    text = json.dumps(value)
    expected = json.loads(text, parse_int=lambda digits: int(digits) if len(digits) <= 64 else digits)
    assert read(text) == expected


def test_values_know_their_places() -> None:
    document = read("kind: Workflow\nspec:\n  models:\n    - name: a\n    - {name: b, size: 3}\n")
    assert place(document, ("spec", "models", 1, "size")) == (FILE, 5, 23)
    assert place(document, ("spec", "models", 1, "size"), key=True) == (FILE, 5, 17)
    assert place(document, ("spec", "models", 0, "missing")) == (FILE, 4, 7)
    assert place(document, ("nothing",)) == (FILE, 1, 1)
    assert pointer(("spec", "models", 1, "size")) == "spec.models[1].size"


def test_places_count_characters_and_not_bytes() -> None:
    assert place(read("a: 1\n{é: ü, b: 2}".partition("\n")[2]), ("b",)) == (FILE, 1, 11)


def test_each_document_has_its_place() -> None:
    reading = read_text(b"a: 1\n---\n---\nb: 2\n", FILE)
    assert [(value, where.line) for value, where in reading.documents] == [
        ({"a": 1}, 1),
        (None, 3),
        ({"b": 2}, 4),
    ]


def test_duplicate_keys_are_refused() -> None:
    text = "a:\n  - b: 1\n    c: 2\n    b: 3\n    b: 4\n"
    assert errors(text) == [
        "a.yaml:4:5: a[0].b: this key stands here twice (first in line 2)",
        "a.yaml:5:5: a[0].b: this key stands here twice (first in line 2)",
    ]


@pytest.mark.parametrize("pair", ["on: 1, 'on': 2", "1: a, '1': b", "é: 1, é: 2"])
def test_duplicate_keys_are_refused_however_they_are_written(pair: str) -> None:
    assert len(errors(f"{{{pair}}}")) == 1


def test_aliases_stand_for_their_anchors() -> None:
    assert read("a: &x {b: [1]}\nc: *x\nd: &y 1e3\ne: *y") == {
        "a": {"b": [1]},
        "c": {"b": [1]},
        "d": 1000.0,
        "e": 1000.0,
    }


def test_merge_keys_bring_in_what_is_missing() -> None:
    text = "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz:\n  b: 0\n  <<: [*x, *y]\nw: {<<: *x, '<<': text}\n"
    document = read(text)
    assert document["z"] == {"b": 0, "a": 1, "c": 4}
    assert document["w"] == {"a": 1, "b": 2, "<<": "text"}
    assert place(document, ("z", "c")) == (FILE, 2, 17)


def test_merge_keys_need_mappings() -> None:
    assert errors("a:\n  <<: 5") == ["a.yaml:2:3: a: << needs a mapping, or a list of them"]


def test_anchors_end_with_their_document() -> None:
    assert errors("a: &x 1\n---\nb: *x\n") == ["a.yaml:3:4: b: an alias of nothing that stands before it"]


@pytest.mark.parametrize("text", ["a: &x [*x]", "&x {a: *x}", "a: &x\n  b: {c: *x}"])
def test_a_value_within_itself_is_refused(text: str) -> None:
    assert "an alias of nothing" in errors(text)[0]


def bomb(levels: int, kind: str) -> str:
    lines = ["a0: &a0 {k: v}" if kind == "merge" else "a0: &a0 [lol]"]
    for level in range(1, levels):
        nine = ", ".join([f"*a{level - 1}"] * 9)
        value = f"{{<<: [{nine}], k{level}: v}}" if kind == "merge" else f"[{nine}]"
        lines.append(f"a{level}: &a{level} {value}")
    return "\n".join(lines)


@pytest.mark.parametrize("kind", ["alias", "merge"])
def test_bombs_of_aliases_are_refused(kind: str) -> None:
    assert f"aliases add more than {MAX_EXPANSION} values" in errors(bomb(12, kind))[0]


@pytest.mark.parametrize("kind", ["alias", "merge"])
def test_some_aliases_of_aliases_are_fine(kind: str) -> None:
    assert errors(bomb(4, kind)) == []


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "[{a: "])
def test_deep_nesting_is_refused(opening: str) -> None:
    assert f"nested more than {MAX_DEPTH} levels deep" in errors(opening * 100_000)[0]


def test_deep_nesting_by_aliases_is_refused() -> None:
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} {'[' * 30}*a{n - 1}{']' * 30}" for n in range(1, 40)]
    assert errors("\n".join(lines))[0].endswith(f"nested more than {MAX_DEPTH} levels deep")


def test_what_was_merged_may_be_merged_again() -> None:
    lines = ["a0: &a0 {k: v}"] + [f"a{n}: &a{n} {{<<: *a{n - 1}}}" for n in range(1, 50)]
    assert read("\n".join(lines))["a49"] == {"k": "v"}


def test_nesting_up_to_the_bound_is_fine() -> None:
    assert errors("[" * MAX_DEPTH + "]" * MAX_DEPTH) == []
    assert len(errors("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))) == 1


def test_large_files_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    with file.open("wb") as output:
        output.truncate(MAX_BYTES + 1)
    assert [error.message for error in read_file(file).errors] == ["larger than 16 MiB"]


@pytest.mark.parametrize("text", ["? [a]\n: 1", "? {a: 1}\n: 1", "a: &x b\n*x : 1"])
def test_keys_that_are_not_text_are_refused(text: str) -> None:
    assert "a key must be text" in errors(text)[0]


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system [ls]",
        "!!binary aGk=",
        "!custom x",
        "!!int x",
        "!!set {a, b}",
        "!!timestamp 2024-01-01",
    ],
)
def test_other_tags_are_refused(text: str) -> None:
    assert errors(f"a: {text}")[0].endswith("this tag is not supported here (write the value without a tag)")


def test_syntax_errors_say_where_and_since_when() -> None:
    assert errors("a: {b: c\nd: e\n") == [
        "a.yaml:2:2: not YAML: did not find expected ',' or '}' (while parsing a flow mapping in line 1)"
    ]


def test_documents_before_a_syntax_error_are_read() -> None:
    reading = read_text(b"a: 1\n---\nb: [", FILE)
    assert [value for value, _ in reading.documents] == [{"a": 1}]
    assert len(reading.errors) == 1


@pytest.mark.parametrize(
    ("data", "where"), [(b"a: 1\nb: \xff", "2:4"), ("a: 1".encode("utf-16"), "1:1"), (b"\xed\xa0\x80", "1:1")]
)
def test_what_is_not_utf_8_is_refused(data: bytes, where: str) -> None:
    assert errors(data) == [f"a.yaml:{where}: not UTF-8 text (save the file as UTF-8)"]


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert read_text(b"\xef\xbb\xbfa: 1", FILE).documents[0][0] == {"a": 1}


def test_control_characters_are_refused_where_they_stand() -> None:
    assert errors("a: 1\nb: x\x07") == ["a.yaml:2:5: a control character, which YAML doesn't allow"]


@given(data=st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    assert isinstance(read_text(data, FILE), Reading)


@given(text=st.text(st.sampled_from("ab:-?[]{}&*!|>'\"%#,\n\t <~0.e\\@`é\x85\u2028"), max_size=120))
def test_any_text_of_yaml_is_read_or_refused(text: str) -> None:
    assert isinstance(read_text(text.encode(), FILE), Reading)


@given(text=st.text(st.sampled_from("ab:-[]{}&*'\",\n 1"), max_size=80))
def test_what_the_library_refuses_is_refused(text: str) -> None:
    try:
        list(yaml.load_all(text, yaml.CBaseLoader))
    except yaml.YAMLError:
        assert read_text(text.encode(), FILE).errors
