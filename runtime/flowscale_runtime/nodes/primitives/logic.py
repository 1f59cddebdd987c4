"""Nodes that choose, compare and compute."""

from __future__ import annotations

import ast
import math
from typing import TYPE_CHECKING, Any

from flowscale_runtime.nodes import declare
from flowscale_runtime.nodes.declare import ANYTHING, Node, fields, socket, switch, text
from flowscale_runtime.nodes.dynamic import DynamicNode
from flowscale_runtime.nodes.errors import NodeError

if TYPE_CHECKING:
    from collections.abc import Callable

LETTERS = "abcdefghijklmnopqrstuvwxyz"
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sum": sum,
    "min": min,
    "max": max,
    "abs": abs,
    "round": round,
    "int": int,
    "float": float,
    "sqrt": math.sqrt,
    "ceil": math.ceil,
    "floor": math.floor,
    "log": math.log,
    "log2": math.log2,
    "log10": math.log10,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
}
NUMBERS = (int, float, bool)


class ComfySwitchNode(Node):
    """One of two values; only the one that is chosen is computed."""

    TITLE = "If/Else Switch"
    CATEGORY = "logic"
    REQUIRED = fields(switch=switch(False))
    OPTIONAL = fields(on_false=socket("*", lazy=True), on_true=socket("*", lazy=True))
    RETURN_TYPES = ("*",)
    RETURN_NAMES = ("output",)

    def check_lazy_status(self, switch: bool, **given: Any) -> list[str]:
        wanted = "on_true" if switch else "on_false"
        return [wanted] if wanted in given and given[wanted] is None else []

    def run(self, switch: bool, on_false: Any = None, on_true: Any = None) -> tuple[Any]:
        return (on_true if switch else on_false,)


class ComfyAndNode(DynamicNode):
    """Whether all values are true."""

    TITLE = "And"
    CATEGORY = "logic"
    REQUIRED = fields(values=declare.growing("value", ANYTHING, "value", minimum=1, maximum=100))
    RETURN_TYPES = ("BOOLEAN",)

    def run(self, **given: Any) -> tuple[bool]:
        return (all(declare.nested("values", given).values()),)


class ComfyOrNode(DynamicNode):
    """Whether any value is true."""

    TITLE = "Or"
    CATEGORY = "logic"
    REQUIRED = fields(values=declare.growing("value", ANYTHING, "value", minimum=1, maximum=100))
    RETURN_TYPES = ("BOOLEAN",)

    def run(self, **given: Any) -> tuple[bool]:
        return (any(declare.nested("values", given).values()),)


class ComfyNotNode(Node):
    """The opposite of a value's truth."""

    TITLE = "Not"
    CATEGORY = "logic"
    REQUIRED = fields(value=ANYTHING)
    RETURN_TYPES = ("BOOLEAN",)

    def run(self, value: Any) -> tuple[bool]:
        return (not value,)


class ComfyMathExpression(DynamicNode):
    """A formula over the values a, b, c and on, such as `max(a, b) * 2`."""

    TITLE = "Math Expression"
    CATEGORY = "logic"
    REQUIRED = fields(
        expression=text("a + b", multiline=True),
        values=declare.growing_names("value", socket("FLOAT,INT,BOOLEAN"), LETTERS, minimum=1),
    )
    RETURN_TYPES = ("FLOAT", "INT", "BOOLEAN")
    RETURN_NAMES = ("FLOAT", "INT", "BOOL")

    def run(self, expression: str, **given: Any) -> tuple[float, int, bool]:
        values = {name: value for name, value in declare.nested("values", given).items() if value is not None}
        return outcome(expression, evaluate(expression, values))


def outcome(expression: str, value: Any) -> tuple[float, int, bool]:
    """A result as the three types that nodes take."""
    if not isinstance(value, NUMBERS):
        raise NodeError(
            f"{expression!r} gives {type(value).__name__}, not a number",
            "write a formula that gives a number",
        )
    try:
        return float(value), int(value), bool(value)
    except (OverflowError, ValueError) as error:
        raise NodeError(
            f"{expression!r} gives no finite number", "check for divisions and large powers"
        ) from error


def evaluate(expression: str, values: dict[str, Any]) -> Any:
    """The value of a formula: arithmetic, comparisons and FUNCTIONS, nothing that reaches outside."""
    import simpleeval  # type: ignore[import-untyped]  # only this node needs it

    if not expression.strip():
        raise NodeError("the formula is empty", "write one, such as `a + b`")
    functions = {**FUNCTIONS, "pow": simpleeval.safe_power}
    evaluator = simpleeval.SimpleEval(functions=functions, names={**values, "values": list(values.values())})
    for kind in (ast.Attribute, ast.JoinedStr, ast.FormattedValue):  # formulas are arithmetic
        evaluator.nodes.pop(kind, None)
    try:
        parsed = ast.parse(expression.strip(), mode="eval")  # one formula: no assignments, no second line
        return evaluator.eval(expression, previously_parsed=parsed.body)
    except (simpleeval.InvalidExpression, SyntaxError, ArithmeticError, ValueError, TypeError) as error:
        raise NodeError(
            f"the formula {expression!r} can't be computed: {error}",
            f"it may use {', '.join(values) or 'no values'} and {', '.join(FUNCTIONS)}",
        ) from error
    except (RecursionError, MemoryError, AttributeError, LookupError) as error:
        raise NodeError(f"the formula {expression[:80]!r} can't be computed", "make it simpler") from error
