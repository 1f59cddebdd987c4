"""Text nodes: joining, cutting, patterns, JSON, saving."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowscale_runtime.nodes.errors import NodeError
from flowscale_runtime.nodes.text import strings


def only(value):
    (item,) = value
    return item


@pytest.mark.parametrize(
    ("name", "inputs", "result"),
    [
        ("StringConcatenate", {"string_a": "a", "string_b": "b", "delimiter": ", "}, "a, b"),
        ("StringSubstring", {"string": "hello", "start": 1, "end": 3}, "el"),
        ("StringSubstring", {"string": "hello", "start": -3, "end": -1}, "ll"),
        ("StringLength", {"string": "héllo"}, 5),
        ("CaseConverter", {"string": "one TWO", "mode": "UPPERCASE"}, "ONE TWO"),
        ("CaseConverter", {"string": "one TWO", "mode": "lowercase"}, "one two"),
        ("CaseConverter", {"string": "one TWO", "mode": "Capitalize"}, "One two"),
        ("CaseConverter", {"string": "one TWO", "mode": "Title Case"}, "One Two"),
        ("StringTrim", {"string": " a ", "mode": "Both"}, "a"),
        ("StringTrim", {"string": " a ", "mode": "Left"}, "a "),
        ("StringTrim", {"string": " a ", "mode": "Right"}, " a"),
        ("StringReplace", {"string": "a-b-c", "find": "-", "replace": "+"}, "a+b+c"),
        ("StringContains", {"string": "Hello", "substring": "hell", "case_sensitive": True}, False),
        ("StringContains", {"string": "Hello", "substring": "hell", "case_sensitive": False}, True),
        ("StringCompare", {"string_a": "abc", "string_b": "AB", "mode": "Starts With", "case_sensitive": False}, True),
        ("StringCompare", {"string_a": "abc", "string_b": "bc", "mode": "Ends With", "case_sensitive": True}, True),
        ("StringCompare", {"string_a": "abc", "string_b": "ABC", "mode": "Equal", "case_sensitive": True}, False),
        ("RegexMatch", {"string": "Cat 7", "regex_pattern": r"cat \d"}, True),
        ("RegexMatch", {"string": "Cat 7", "regex_pattern": r"cat \d", "case_insensitive": False}, False),
        ("RegexExtract", {"string": "a1 b22", "regex_pattern": r"\d+", "mode": "First Match"}, "1"),
        ("RegexExtract", {"string": "a1 b22", "regex_pattern": r"\d+", "mode": "All Matches"}, "1\n22"),
        ("RegexExtract", {"string": "a1 b22", "regex_pattern": r"(\w)(\d)", "mode": "First Group", "group_index": 2}, "1"),
        ("RegexExtract", {"string": "a1 b22", "regex_pattern": r"(\w)(\d)", "mode": "All Groups", "group_index": 1}, "a\nb"),
        ("RegexExtract", {"string": "a1", "regex_pattern": r"(\w)", "mode": "First Group", "group_index": 9}, ""),
        ("RegexExtract", {"string": "none", "regex_pattern": r"\d", "mode": "First Match"}, ""),
        ("RegexReplace", {"string": "a1b2", "regex_pattern": r"\d", "replace": "#"}, "a#b#"),
        ("RegexReplace", {"string": "a1b2", "regex_pattern": r"\d", "replace": "#", "count": 1}, "a#b2"),
        ("RegexReplace", {"string": "ab", "regex_pattern": r"(a)(b)", "replace": r"\2\1"}, "ba"),
        ("JsonExtractString", {"json_string": 'Sure:\n```json\n{"a": "x", "n": 1.5}\n```', "key": "a"}, "x"),
        ("JsonExtractString", {"json_string": '{"n": 1.5}', "key": "n"}, "1.5"),
        ("JsonExtractString", {"json_string": '{broken {"a": {"b": [1, "é"]}}', "key": "a"}, '{"b": [1, "é"]}'),
        ("JsonExtractString", {"json_string": '{"a": null}', "key": "a"}, ""),
        ("JsonExtractString", {"json_string": "nothing", "key": "a"}, ""),
        ("StringFormat", {"f_string": "{a} {{x}} {b}{a}", "values.a": 1, "values.b": "two"}, "1 {x} two1"),
        ("AddTextPrefix", {"text": "b", "prefix": "a"}, "ab"),
        ("AddTextSuffix", {"text": "a", "suffix": "b"}, "ab"),
        ("ReplaceText", {"text": "aa", "find": "a", "replace": "b"}, "bb"),
        ("TruncateText", {"text": "hello", "max_length": 2}, "he"),
        ("StripWhitespace", {"text": " a\n"}, "a"),
        ("TextToLowercase", {"text": "A"}, "a"),
        ("TextToUppercase", {"text": "a"}, "A"),
    ],
)  # fmt: skip
def test_values(node, name, inputs, result):
    assert only(node(name, **inputs)) == result


def test_formats_cannot_reach_into_values(node):
    for template in ("{a.__class__}", "{a[0]}", "{a!r}", "{a:>99}", "{}", "{", "{b}"):
        with pytest.raises(NodeError):
            node("StringFormat", **{"f_string": template, "values.a": "x"})


def test_a_malformed_pattern_says_where(node):
    with pytest.raises(NodeError, match=r"no regular expression.*position 1"):
        node("RegexMatch", string="a", regex_pattern="a(")
    with pytest.raises(NodeError, match="doesn't fit the pattern"):
        node("RegexReplace", string="a", regex_pattern="a", replace=r"\9")


@given(st.text())
def test_any_text_can_be_searched_for_json(content):
    assert isinstance(strings.first_object(content), dict)


def test_deep_json_is_no_object():
    assert strings.first_object("{" + '"a":[' * 100_000) == {}


def test_saved_text_comes_back(own_packs, place):
    save = own_packs.classes["SaveText"]()
    report = save.run("é\r\nb", "notes/run", "md")
    assert report["ui"]["files"] == [{"filename": "run_00001_.md", "subfolder": "notes", "type": "output"}]
    assert (place.output / "notes" / "run_00001_.md").read_bytes() == "é\r\nb".encode()
    save.run('{"a":1}', "run", "json")
    assert (place.output / "run_00001_.json").read_text() == '{\n  "a": 1\n}'
    save.run("not json", "run", "json")
    assert (place.output / "run_00002_.json").read_text() == "not json"


@pytest.mark.parametrize(
    ("value", "shown"),
    [("a", "a"), (1, "1"), (True, "True"), (None, "None"), ([1, {"a": 2}], '[\n    1,\n    {\n        "a": 2\n    }\n]'), ({1, }, "{1}")],
)  # fmt: skip
def test_any_value_can_be_shown(own_packs, value, shown):
    report = own_packs.classes["PreviewAny"]().run(source=value)
    assert report == {"ui": {"text": [shown]}, "result": (shown,)}
