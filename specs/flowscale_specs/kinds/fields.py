"""Types of fields that the kinds share: texts as they are written, numbers as they are, names, addresses."""

import math
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from flowscale_specs.suggestions import looks_secret
from flowscale_specs.values import as_written


class _AsWritten:
    """Takes numbers and truth values for the text they were written as: `on`, `1e3` and `2.10` stay what they are."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(as_written, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "type": ["string", "number", "boolean"]}


class _BareNumber:
    """A number as it is: whole numbers stay whole."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(_bare_number)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "number"}


def _bare_number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PydanticCustomError("number_type", "should be a number, written without quotes")
    if not math.isfinite(value):
        raise PydanticCustomError("finite_number", "should be a finite number")
    return int(value) if isinstance(value, int) else float(value)


def _whole(value: Any) -> Any:
    if isinstance(value, bool | str):
        raise PydanticCustomError("number_type", "should be a whole number, written without quotes")
    return value


def plain(value: Any) -> Any:
    """A JSON value as bare Python, whatever reading added to it. Refuses numbers that JSON can't say."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    return _bare_number(value) if isinstance(value, int | float) else str(value)


def _mapping(value: Any) -> Any:
    if isinstance(value, dict):
        return value
    raise PydanticCustomError("dict_type", "should be a mapping")


def _no_secret(value: str) -> str:
    if looks_secret(value):
        raise ValueError("this looks like a secret: put it under secrets, as {secret: name/key}")
    return value


TEXT = _AsWritten()
WHOLE = BeforeValidator(_whole)
_NO_CONTROL = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f]*$"

Text = Annotated[str, StringConstraints(pattern=_NO_CONTROL), TEXT]
"""Any text."""

Word = Annotated[str, StringConstraints(pattern=_NO_CONTROL, min_length=1, max_length=1000), TEXT]
"""Text that isn't empty: a name of something outside of the specs."""

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$"), TEXT]
"""A name of a document: letters, digits, dots and dashes, 63 at most."""

Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,62}$"), TEXT]
"""A key that an author chooses: of an input, an output, a step."""

Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$"), TEXT]
"""The name of an environment variable."""

WebUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/?#@]+([/?#]\S*)?$", max_length=2000), TEXT]
"""An http or https address without a user name or password."""

RelativePath = Annotated[
    str, StringConstraints(pattern=r"^[^/\\\x00-\x1f][^\\\x00-\x1f]*$", max_length=1000), TEXT
]
"""A path relative to the spec's folder."""

SecretName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$"), TEXT]
"""`name/key` of a secret."""

Setting = Annotated[str, StringConstraints(pattern=_NO_CONTROL), AfterValidator(_no_secret), TEXT]
"""The value of an environment variable."""

Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$"), TEXT]
"""The digest of a release."""

Natural = Annotated[int, Field(ge=0), WHOLE]
Positive = Annotated[int, Field(ge=1), WHOLE]
Number = Annotated[float, _BareNumber()]
Json = Annotated[Any, BeforeValidator(plain)]
"""Any JSON value."""

Patch = Annotated[Any, BeforeValidator(_mapping), WithJsonSchema({"type": "object"})]
"""A part of a spec, merged as RFC 7396 says and checked after that."""
