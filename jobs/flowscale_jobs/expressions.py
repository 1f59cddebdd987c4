"""Expressions in specs: core CEL, alone in a condition or inside of `${...}` in a value."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from cel_expr_python import cel

from flowscale_jobs.errors import ExpressionError

NAMES = ("inputs", "steps", "item", "index", "error", "value", "event", "row", "time")
_HOLE = re.compile(r"\$\{((?:[^{}\"']|\"[^\"]*\"|'[^']*'|\{[^{}]*\})*)\}")


@lru_cache(1)
def _language() -> Any:
    return cel.NewEnv(variables=dict.fromkeys(NAMES, cel.Type.DYN))


@lru_cache(1024)
def compiled(text: str) -> Any:
    """The expression, ready to be evaluated. Raises ExpressionError, which points at what is wrong."""
    try:
        return _language().compile(bare(text))
    except RuntimeError as error:
        reason = str(error).removeprefix("INVALID_ARGUMENT: ERROR: ").splitlines()[0]
        raise ExpressionError(f"{text!r} is no expression: {reason.rpartition('<input>:')[2]}") from error


def bare(text: str) -> str:
    """An expression without the `${...}` that may stand around it."""
    whole = _HOLE.fullmatch(text.strip())
    return whole[1] if whole else text


def evaluate(text: str, known: Mapping[str, Any]) -> Any:
    """What an expression gives, as JSON. Raises ExpressionError."""
    result = compiled(text).eval(data={name: known.get(name) for name in NAMES})
    if str(result.type()) in ("ERROR", "UNKNOWN"):
        raise ExpressionError(f"{text!r} can't be evaluated: {result}")
    return result.plain_value()


def holds(text: str, known: Mapping[str, Any]) -> bool:
    """Whether a condition is true. Raises ExpressionError where it gives something else than yes or no."""
    found = evaluate(text, known)
    if not isinstance(found, bool):
        raise ExpressionError(f"{text!r} gives {found!r}, which is neither true nor false")
    return found


def fill(value: Any, known: Mapping[str, Any]) -> Any:
    """A JSON value with its `${...}` filled in: one alone keeps its type, one inside of a text becomes text."""
    if isinstance(value, Mapping):
        return {name: fill(one, known) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [fill(one, known) for one in value]
    if not isinstance(value, str):
        return value
    whole = _HOLE.fullmatch(value)
    if whole:
        return evaluate(whole[1], known)
    return _HOLE.sub(lambda hole: _text(evaluate(hole[1], known)), value)


def expressions(value: Any) -> Iterator[str]:
    """All expressions in a JSON value."""
    if isinstance(value, Mapping):
        for one in value.values():
            yield from expressions(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from expressions(one)
    elif isinstance(value, str):
        yield from (hole[1] for hole in _HOLE.finditer(value))


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
