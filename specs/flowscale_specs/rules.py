"""Rules in core CEL: compiled when specs are read, evaluated over plain JSON. The API server takes the same language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLES = ("deployment", "workflow", "project")
"""What a rule of a Policy can speak of."""

_PLACE = re.compile(r"ERROR: <input>:(\d+):(\d+): ([^\n]*)")


class RuleError(ValueError):
    """A rule that isn't right, or that can't be evaluated. `line` and `column` are places in it, from 1."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        self.line, self.column = line, column
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that was compiled."""

    text: str
    _expression: Any

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether it is kept, for values of its variables. Raises RuleError where that can't be said."""
        result = self._expression.eval(data=dict(values))
        found = result.value()
        if result.type() != _types()["BOOL"]:
            raise RuleError(_reason(found))
        return bool(found)


@cache
def compile_rule(text: str, variables: tuple[str, ...] = VARIABLES) -> Rule:
    """A rule from its text. Raises RuleError with the place of what is wrong."""
    try:
        expression = _environment(variables).compile(text)
    except RuntimeError as error:
        raise _translated(str(error)) from error
    if expression.return_type() != _types()["BOOL"]:
        raise RuleError("it isn't true or false: compare it, as in `... == true`")
    return Rule(text, expression)


@cache
def _environment(variables: tuple[str, ...]) -> Any:
    # Few specs have rules, and loading the library takes longer than reading them.
    from cel_expr_python import cel

    return cel.NewEnv(variables=dict.fromkeys(variables, cel.Type.DYN))


@cache
def _types() -> dict[str, Any]:
    from cel_expr_python import cel  # as above

    return {"BOOL": cel.Type.BOOL}


def _translated(told: str) -> RuleError:
    found = _PLACE.search(told)
    if found is None:
        return RuleError(_reason(told))
    return RuleError(found[3], int(found[1]), int(found[2]))


def _reason(told: Any) -> str:
    """What the library says, without its codes."""
    return re.sub(r"^[A-Z_]+: | \[[A-Z_]+\]$", "", str(told)).strip() or "it has no value"
