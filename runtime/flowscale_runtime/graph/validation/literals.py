"""Literals: type, range and choices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..literals import convert
from .reports import Report, input_report

if TYPE_CHECKING:
    from ..forms import Declared

SHOWN_CHOICES = 20
"""Longer lists of choices are not sent back."""


def check_literal(name: str, value: Any, spec: Declared, check_value: bool) -> Report | None:
    """What is wrong with an unwrapped literal."""
    try:
        value = convert(value, spec.type)
    except (ValueError, TypeError, OverflowError) as error:
        return input_report(
            "invalid_input_type",
            f"The value can't be read as {spec.type}",
            f"{name}, {value}, {error}",
            name,
            spec,
            received_value=value,
            exception_message=str(error),
        )
    if not check_value:
        return None
    return _range_error(name, value, spec) or _choice_error(name, value, spec)


def _range_error(name: str, value: Any, spec: Declared) -> Report | None:
    if not isinstance(value, int | float):
        return None
    least, most = spec.options.get("min"), spec.options.get("max")
    if least is not None and value < least:
        message = f"The value {value} is below the minimum of {least}"
        return input_report("value_smaller_than_min", message, name, name, spec, received_value=value)
    if most is not None and value > most:
        message = f"The value {value} is above the maximum of {most}"
        return input_report("value_bigger_than_max", message, name, name, spec, received_value=value)
    return None


def _choice_error(name: str, value: Any, spec: Declared) -> Report | None:
    choices = choices_of(spec)
    if choices is None:
        return None
    several = bool(spec.options.get("multiselect")) and isinstance(value, list)
    wrong = [one for one in (value if several else [value]) if one not in choices]
    if not wrong:
        return None
    many = len(choices) > SHOWN_CHOICES
    listed = f"(list of length {len(choices)})" if many else str(choices)
    error = input_report(
        "value_not_in_list",
        "The value is not one of the choices",
        f"{name}: '{', '.join(map(str, wrong))}' not in {listed}",
        name,
        spec,
        received_value=value,
    )
    if many:
        error["extra_info"]["input_config"] = None
    return error


def choices_of(spec: Declared) -> list[Any] | None:
    """The choices of a combo input; None for other types."""
    if isinstance(spec.type, list | tuple):
        return list(spec.type)
    if spec.type == "COMBO" and "options" in spec.options:
        return list(spec.options["options"])
    return None
