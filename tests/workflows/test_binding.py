"""Values as they arrive on the wire, put into a graph."""

import copy
from contextlib import suppress
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowscale_workflows.binding import bind, coerce, json_schema
from flowscale_workflows.errors import InputErrors, InterfaceError
from flowscale_workflows.interface import Input, Interface

Json = dict[str, Any]
NOTHING = object()


def one(**fields: Any) -> Interface:
    return Interface((Input(**({"name": "x_1", "node_id": "1", "widget": "x", "type": "string"} | fields)),))


def value(raw: Any, **fields: Any) -> Any:
    return coerce(one(**fields), {"x_1": raw}).get("x_1", NOTHING)


def refusal(raw: Json, interface: Interface) -> list[tuple[str, str, Any]]:
    with pytest.raises(InputErrors) as caught:
        coerce(interface, raw)
    assert str(caught.value)
    return [(item.field, item.reason, item.limit) for item in caught.value.items]


@pytest.mark.parametrize(
    ("kind", "raw", "wanted"),
    [
        ("string", "hi", "hi"),
        ("string", "", ""),
        ("string", 5, "5"),
        ("string", ["hi"], "hi"),
        ("integer", "5", 5),
        ("integer", " 5 ", 5),
        ("integer", "5.0", 5),
        ("integer", 5.0, 5),
        ("integer", str(2**64 - 1), 2**64 - 1),
        ("number", "1.5", 1.5),
        ("number", 2, 2),
        ("number", "1e3", 1000.0),
        ("boolean", "True", True),
        ("boolean", "False", False),
        ("boolean", "true", True),
        ("boolean", "0", False),
        ("boolean", 1, True),
        ("boolean", False, False),
        ("json", '{"a": [1]}', {"a": [1]}),
        ("json", {"a": 1}, {"a": 1}),
        ("json", [1, 2], [1, 2]),
        ("image", "https://example.com/a.png", "https://example.com/a.png"),
        ("image", b"bytes", b"bytes"),
    ],
)
def test_texts_become_what_the_input_takes(kind: str, raw: Any, wanted: Any) -> None:
    found = value(raw, type=kind)
    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize("raw", ["None", None])
@pytest.mark.parametrize("kind", ["string", "integer", "boolean", "json", "image"])
def test_the_text_none_means_nothing(kind: str, raw: Any) -> None:
    assert value(raw, type=kind) is NOTHING
    assert refusal({"x_1": raw}, one(type=kind, required=True)) == [("x_1", "required", None)]


def test_none_stays_where_it_is_a_choice() -> None:
    assert value("None", choices=("None", "Some")) == "None"


def test_an_empty_text_is_nothing_except_for_texts() -> None:
    assert value("", type="integer") is NOTHING
    assert value("", type="string") == ""


@pytest.mark.parametrize(
    ("fields", "raw", "reason", "limit"),
    [
        ({"type": "integer"}, "many", "invalid_type", "integer"),
        ({"type": "integer"}, 1.5, "invalid_type", "integer"),
        ({"type": "integer"}, True, "invalid_type", "integer"),
        ({"type": "integer"}, "9" * 5000, "invalid_type", "integer"),
        ({"type": "integer"}, 2**64, "exceeds_maximum", 2**64 - 1),
        ({"type": "integer", "minimum": 1}, 0, "below_minimum", 1),
        ({"type": "integer", "maximum": 50}, "51", "exceeds_maximum", 50),
        ({"type": "number"}, "nan", "not_finite", "finite"),
        ({"type": "number"}, float("inf"), "not_finite", "finite"),
        ({"type": "number"}, "x", "invalid_type", "number"),
        ({"type": "number"}, {}, "invalid_type", "number"),
        ({"type": "number", "maximum": 1.5}, 1.6, "exceeds_maximum", 1.5),
        ({"type": "boolean"}, "maybe", "invalid_type", "boolean"),
        ({"type": "boolean"}, 2, "invalid_type", "boolean"),
        ({"type": "json"}, "{", "invalid_json", "JSON"),
        ({"max_length": 3}, "four", "exceeds_max_length", 3),
        ({"min_length": 3}, "ab", "below_min_length", 3),
        ({}, {"a": 1}, "invalid_type", "string"),
        ({}, True, "invalid_type", "string"),
        ({}, "\ud800", "invalid_text", "UTF-8"),
        ({}, ["a", "b"], "too_many_values", 1),
        ({"choices": ("a", "b")}, "c", "not_a_choice", ["a", "b"]),
    ],
)
def test_what_does_not_fit_is_refused_with_reason_and_limit(
    fields: Json, raw: Any, reason: str, limit: Any
) -> None:
    assert refusal({"x_1": raw}, one(**fields)) == [("x_1", reason, limit)]


def test_choices_keep_their_own_type() -> None:
    assert value("2", type="integer", choices=(1, 2)) == 2
    assert value("1.5", type="number", choices=(1, 1.5)) == 1.5


def test_errors_name_the_alias() -> None:
    interface = one(alias="prompt", max_length=2)
    assert refusal({"prompt": "abc"}, interface) == [("prompt", "exceeds_max_length", 2)]
    assert refusal({"x_1": "abc"}, interface) == [("prompt", "exceeds_max_length", 2)]


@pytest.fixture
def both() -> Interface:
    return Interface(
        (
            Input("text_6", "6", "text", "string", alias="prompt", required=True),
            Input("steps_3", "3", "steps", "integer", default=20, minimum=1, maximum=50),
            Input("images_4", "4", "images", "image", alias="images", many=True),
            Input("options_5", "5", "options", "json"),
        )
    )


def test_name_and_alias_are_the_same_input(both: Interface) -> None:
    assert coerce(both, {"prompt": "a"}) == coerce(both, {"text_6": "a"}) == {"text_6": "a", "steps_3": 20}


def test_everything_that_is_wrong_is_said_at_once(both: Interface) -> None:
    assert refusal({"steps_3": "99", "pormpt": "a"}, both) == [
        ("pormpt", "unknown_input", None),
        ("steps_3", "exceeds_maximum", 50),
        ("prompt", "required", None),
    ]


def test_an_unknown_name_brings_the_nearest(both: Interface) -> None:
    with pytest.raises(InputErrors, match="Did you mean 'prompt'"):
        coerce(both, {"pormpt": "a", "text_6": "b"})
    with pytest.raises(InputErrors, match="Inputs: prompt, steps_3"):
        coerce(both, {"zzzzzz": "a", "text_6": "b"})


def test_an_input_given_twice_is_refused(both: Interface) -> None:
    assert refusal({"prompt": "a", "text_6": "b"}, both) == [("text_6", "given_twice", None)]


def test_numbered_keys_are_a_list_in_the_order_of_numbers(both: Interface) -> None:
    raw = {"prompt": "a", "images_10": "c", "images_2": "b", "images_0": "a"}
    assert coerce(both, raw)["images_4"] == ["a", "b", "c"]
    assert coerce(both, {"prompt": "a", "options_5_0": "x", "options_5_1": "y"})["options_5"] == ["x", "y"]


def test_a_repeated_key_and_json_text_are_lists(both: Interface) -> None:
    assert coerce(both, {"prompt": "a", "images": ["a", "b"]})["images_4"] == ["a", "b"]
    assert coerce(both, {"prompt": "a", "images": '["a"]'})["images_4"] == ["a"]
    assert coerce(both, {"prompt": "a", "images": "a"})["images_4"] == ["a"]


def test_numbered_keys_of_a_single_input_are_unknown(both: Interface) -> None:
    assert refusal({"prompt": "a", "prompt_0": "b"}, both) == [("prompt_0", "unknown_input", None)]


def test_a_default_of_a_file_is_not_filled_in() -> None:
    assert coerce(one(type="image", default="a.png"), {}) == {}


WIRE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(
        st.sampled_from(["x_1", "y", "x_1_0", "n", "b", "c", "j", "zz"]) | st.text(max_size=4), WIRE
    )
)
def test_any_values_are_taken_or_refused(raw: Json) -> None:
    interface = Interface(
        (
            Input("x_1", "1", "x", "string", alias="y", many=True, max_length=5),
            Input("i", "1", "i", "integer", minimum=0, alias="n"),
            Input("b", "1", "b", "boolean"),
            Input("c", "1", "c", "string", choices=("a", 1, 2.5)),
            Input("j", "1", "j", "json"),
        )
    )
    with suppress(InputErrors):
        values = coerce(interface, raw)
        assert set(values) <= {"x_1", "i", "b", "c", "j"}
        bind({"1": {"class_type": "A", "inputs": {}}}, interface, values)


def test_binding_makes_a_new_graph(text_to_image: Json) -> None:
    before = copy.deepcopy(text_to_image)
    interface = Interface(
        (Input("text_6", "6", "text", "string", alias="prompt"), Input("steps_3", "3", "steps", "integer"))
    )
    bound = bind(text_to_image, interface, {"prompt": "a dog", "steps_3": 3})
    assert text_to_image == before
    assert bound["6"]["inputs"] == {"text": "a dog", "clip": ["4", 1]}
    assert bound["3"]["inputs"]["steps"] == 3
    assert bound["9"] is text_to_image["9"]


def test_a_list_is_wrapped_or_is_json_text_where_a_text_was() -> None:
    graph = {"1": {"class_type": "A", "inputs": {"x": 1, "y": "[]"}}}
    interface = Interface((Input("x_1", "1", "x", "json"), Input("y_1", "1", "y", "image", many=True)))
    bound = bind(graph, interface, {"x_1": ["1", 0], "y_1": ["a.png"]})
    assert bound["1"]["inputs"] == {"x": {"__value__": ["1", 0]}, "y": '["a.png"]'}


def test_binding_what_is_not_there_is_refused(text_to_image: Json) -> None:
    with pytest.raises(InterfaceError, match="no input 'x_1'"):
        bind(text_to_image, one(), {"x_1": "a"})


def test_the_schema_says_what_coerce_takes(both: Interface) -> None:
    schema = json_schema(both)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["required"] == ["prompt"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["steps_3"] == {"type": "integer", "minimum": 1, "maximum": 50, "default": 20}
    assert schema["properties"]["prompt"] == {"type": "string", "x-flowscale-name": "text_6"}
    assert schema["properties"]["images"]["items"]["anyOf"][0] == {"type": "string", "format": "binary"}
    assert schema["properties"]["options_5"] == {}
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate({"prompt": "a", "steps_3": 5, "images": ["https://example.com/a.png"]})
    assert not validator.is_valid({"prompt": "a", "steps_3": 51})


VALUES = (
    st.booleans()
    | st.integers(-5, 20)
    | st.floats(-9, 9)
    | st.sampled_from(["", "a", "b", "five!", "sixsix"])
)


@given(st.dictionaries(st.sampled_from(["s", "n", "i", "b", "c"]), VALUES))
def test_what_the_schema_takes_is_taken(raw: Json) -> None:
    interface = Interface(
        (
            Input("s", "1", "s", "string", max_length=5),
            Input("n", "1", "n", "number", minimum=-1.5),
            Input("i", "1", "i", "integer", minimum=0, maximum=9),
            Input("b", "1", "b", "boolean"),
            Input("c", "1", "c", "string", choices=("a", "b")),
        )
    )
    if jsonschema.Draft202012Validator(json_schema(interface)).is_valid(raw):
        coerce(interface, raw)
