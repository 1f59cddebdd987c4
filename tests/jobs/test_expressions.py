"""Expressions keep types, fill texts, and say what is wrong with them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowscale_jobs.errors import ExpressionError
from flowscale_jobs.expressions import compiled, evaluate, expressions, fill, holds

KNOWN = {"inputs": {"name": "ada", "count": 3}, "steps": {"look": {"face": True, "tags": ["a", "b"]}}}


@pytest.mark.parametrize(
    ("value", "filled"),
    [
        ("plain", "plain"),
        ("${inputs.count}", 3),
        ("${inputs.count} of ${inputs.name}", "3 of ada"),
        ({"a": ["${steps.look.tags}", 1]}, {"a": [["a", "b"], 1]}),
        ("${steps.look.face ? 'yes}' : \"no\"}", "yes}"),
        ("${steps.look.face}!", "true!"),
        ("${{'a': inputs.count}}", {"a": 3}),
    ],
)
def test_values_are_filled_with_what_expressions_give(value: Any, filled: Any) -> None:
    assert fill(value, KNOWN) == filled


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("1 +", "is no expression: 1:4"),
        ("nobody.x", "undeclared reference to 'nobody"),
        ("'a", "is no expression"),
    ],
)
def test_a_text_that_is_no_expression_is_refused_with_its_place(text: str, complaint: str) -> None:
    with pytest.raises(ExpressionError, match=complaint):
        compiled(text)


def test_what_is_not_there_is_an_error_and_can_be_asked_for() -> None:
    with pytest.raises(ExpressionError, match='Key not found in map : "other"'):
        evaluate("steps.other.x", KNOWN)
    assert not holds("has(steps.other)", KNOWN)


def test_a_condition_must_be_true_or_false() -> None:
    assert holds("${inputs.count > 2}", KNOWN)
    with pytest.raises(ExpressionError, match="gives 3, which is neither true nor false"):
        holds("inputs.count", KNOWN)


texts = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"])
)  # CEL's library ends keys at a NUL
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts.filter(bool), inner, max_size=3),
    max_leaves=6,
)


@given(json_values)
def test_every_json_value_comes_through_an_expression_as_it_is(value: Any) -> None:
    assert fill("${item}", {"item": value}) == value


@given(json_values)
def test_values_without_expressions_are_left_alone(value: Any) -> None:
    if not list(expressions(value)):
        assert fill(value, {}) == value
