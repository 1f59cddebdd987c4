"""What all value types share: a short form that parses, prints back, and is told to JSON Schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic_core import core_schema

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler


class ShortForm:
    """Mixin for values with a short form. `str()` gives a text that `parse` reads back to an equal value."""

    noun: ClassVar[str]
    """What a person calls it: "an amount of memory"."""
    examples: ClassVar[tuple[str, ...]]
    pattern: ClassVar[str]
    """What an editor may accept; `parse` has the last word."""
    numbers: ClassVar[bool] = False
    """Whether a bare number is a short form too."""

    @classmethod
    def parse(cls, written: Any) -> Self:
        """Read a short form, or raise ValueError saying how it is written."""
        raise NotImplementedError

    @classmethod
    def refuse(cls, written: Any) -> ValueError:
        shown = repr(str(written)) if len(str(written)) <= 40 else "this"
        return ValueError(f"{shown} is not {cls.noun}: write it like {' or '.join(cls.examples)}")

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._validate,
            json_schema_input_schema=core_schema.str_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(str),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        text = {"type": "string", "pattern": cls.pattern, "examples": list(cls.examples)}
        return {"anyOf": [text, {"type": "number"}]} if cls.numbers else text

    @classmethod
    def _validate(cls, written: Any) -> Self:
        return written if isinstance(written, cls) else cls.parse(written)


def as_written(value: Any) -> Any:
    """The text that an author wrote for a scalar, where text is expected; anything else as it is."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return getattr(value, "text", None) or str(value)
    return value


def text_of(written: Any) -> str:
    """The text of a scalar without blanks around it, "" for what is not a scalar."""
    text = as_written(written)
    return text.strip() if isinstance(text, str) and len(text) <= 256 else ""
