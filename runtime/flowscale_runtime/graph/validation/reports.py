"""The shape of validation errors: `{type, message, details, extra_info}`."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

from ..definitions import jsonable
from ..failures import type_name

if TYPE_CHECKING:
    from ..forms import Declared

Report = dict[str, Any]


def report(kind: str, message: str, details: str = "", /, **extra: Any) -> Report:
    """One error, in plain JSON."""
    return {"type": kind, "message": message, "details": details, "extra_info": jsonable(extra)}


def input_report(
    kind: str, message: str, details: str, name: str, spec: Declared | None, /, **extra: Any
) -> Report:
    """An error of one input; `input_config` is what the class declares for it."""
    config = None if spec is None else spec.config
    return report(kind, message, details, input_name=name, input_config=config, **extra)


def exception_fields(error: BaseException) -> dict[str, Any]:
    """What is told of an exception."""
    return {
        "exception_message": str(error),
        "exception_type": type_name(type(error)),
        "traceback": traceback.format_tb(error.__traceback__),
    }
