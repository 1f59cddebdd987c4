"""Values, logic, formulas and lists."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowscale_runtime.nodes.errors import NodeError
from flowscale_runtime.nodes.primitives import logic


@pytest.mark.parametrize(
    ("name", "value"),
    [("PrimitiveInt", 3), ("PrimitiveFloat", 0.5), ("PrimitiveString", "a"), ("PrimitiveStringMultiline", "a\nb"), ("PrimitiveBoolean", True)],
)  # fmt: skip
def test_values_pass_through(node, name, value):
    assert node(name, value=value) == (value,)


def test_rectangles_and_seeds(node):
    assert node("PrimitiveBoundingBox", x=1, y=2, width=3, height=4) == (
        {"x": 1, "y": 2, "width": 3, "height": 4},
    )
    assert node("SeedNode", seed=7) == (7,)


def test_custom_choices_take_any_text(node, own_packs):
    assert node("CustomCombo", choice="9:16", index=1) == ("9:16", 1)
    assert own_packs.classes["CustomCombo"].VALIDATE_INPUTS(choice="anything") is True


@pytest.mark.parametrize(
    ("ratio", "megapixels", "multiple", "size"),
    [("1:1 (Square)", 1.0, 8, (1024, 1024)), ("16:9 (Widescreen)", 1.0, 8, (1368, 768)), ("9:16 (Portrait Widescreen)", 0.5, 64, (512, 960))],
)  # fmt: skip
def test_resolutions(node, ratio, megapixels, multiple, size):
    assert node("ResolutionSelector", aspect_ratio=ratio, megapixels=megapixels, multiple=multiple) == size


def test_the_switch_asks_only_for_what_it_gives(own_packs, node):
    switch = own_packs.classes["ComfySwitchNode"]()
    assert switch.check_lazy_status(switch=True, on_true=None, on_false=None) == ["on_true"]
    assert switch.check_lazy_status(switch=False, on_true=None, on_false=None) == ["on_false"]
    assert switch.check_lazy_status(switch=False, on_true=None, on_false=1) == []
    assert switch.check_lazy_status(switch=True, on_false=None) == []
    assert node("ComfySwitchNode", switch=True, on_true=1, on_false=2) == (1,)
    assert node("ComfySwitchNode", switch=False, on_true=1, on_false=2) == (2,)


def test_truth(node):
    values = {"values.value0": 1, "values.value1": ""}
    assert node("ComfyAndNode", **values) == (False,)
    assert node("ComfyOrNode", **values) == (True,)
    assert node("ComfyNotNode", value=[]) == (True,)


@pytest.mark.parametrize(
    ("formula", "result"),
    [
        ("a + b", (5.5, 5, True)), ("a * 2 - 6", (0.0, 0, False)), ("max(((a + 15) // 16) * 16, 256)", (256.0, 256, True)),
        ("sum(values)", (5.5, 5, True)), ("a > b", (1.0, 1, True)), ("round(b)", (2.0, 2, True)), ("sqrt(a * 3)", (3.0, 3, True)),
        ("pow(a, 2) if a else 1", (9.0, 9, True)), ("-7 // 2", (-4.0, -4, True)), ("values[1]", (2.5, 2, True)),
    ],
)  # fmt: skip
def test_formulas(node, formula, result):
    assert node("ComfyMathExpression", **{"expression": formula, "values.a": 3, "values.b": 2.5}) == result


@pytest.mark.parametrize(
    "formula",
    [
        "", "a +", "c", "1 / 0", "'text'", "'a' * 10**9", "9**9**9**9", "10**400 * 1.0", "__import__('os')", "a.__class__",
        "(lambda: 1)()", "[x for x in values]", "open('/etc/passwd')", "f'{a}'", "pow(9, 9**9)", "1 << 10**9", "values",
        "int(1e400)", "log(-1)", "values[5]", "(" * 500 + "1" + ")" * 500, "max()", "round.__self__",
        "b = 1",
        "1; 2",
    ],
)  # fmt: skip
def test_formulas_reach_nothing_and_end(node, formula):
    with pytest.raises(NodeError) as caught:
        node("ComfyMathExpression", **{"expression": formula, "values.a": 3, "values.b": 2.5})
    assert caught.value.hint


@given(st.text(alphabet="ab0123456789.+-*/%()<>=,[]{}'\"_ ", max_size=30))
def test_any_formula_gives_a_number_or_a_clear_error(attempt, formula):
    def compute():
        return logic.outcome(formula, logic.evaluate(formula, {"a": 2, "b": 3.5}))

    value, refused = attempt(NodeError, compute)
    assert refused.hint if refused else [type(item) for item in value] == [float, int, bool]


@pytest.mark.parametrize(
    ("value", "numbers"),
    [
        ("3.7", (3.7, 3)),
        (True, (1.0, 1)),
        (-2.9, (-2.9, -2)),
        (2**60 + 1, (float(2**60), 2**60 + 1)),
        (" 5 ", (5.0, 5)),
    ],
)
def test_numbers_from_other_values(node, value, numbers):
    assert node("ComfyNumberConvert", value=value) == numbers


@pytest.mark.parametrize("value", ["", "one", "inf", "nan", None, 10**400])
def test_what_is_no_finite_number_is_refused(node, value):
    with pytest.raises(NodeError):
        node("ComfyNumberConvert", value=value)


def test_lists(node):
    assert node("CreateList", **{"inputs.input0": [1, 2], "inputs.input1": [3]}) == ([1, 2, 3],)
    assert node("GetItemFromList", list=["a", "b"], index=[-1]) == ("b",)
    with pytest.raises(NodeError, match="2 items, none at 2"):
        node("GetItemFromList", list=["a", "b"], index=[2])
    assert node("ConvertArrayToString", array=[1, "é"], indent=0) == ('[1, "é"]',)
    assert node("ConvertDictionaryToString", dictionary={"a": 1}, indent=2) == ('{\n  "a": 1\n}',)
