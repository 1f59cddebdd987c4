"""What the shapes of custom resources are made of: bare numbers in fixed units, so that rules can compare them.

Times are seconds, sizes are bytes, money is micro-dollars, shares are percent. A name that isn't given is "", so that
a rule may say `deployment.budget != ""`; anything else that isn't given is an absent key.
"""

from decimal import Decimal
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from flowscale_specs.kinds.base import fields_of


class Shape(BaseModel):
    """A mapping in a resource. Reading leaves out unknown keys: a newer release may have written them."""

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        from_attributes=True,
        allow_inf_nan=False,
        defer_build=True,
    )

    resolved: ClassVar[type[Any] | None] = None
    """The value that `frozen` gives; its fields have the same names."""

    @classmethod
    def of(cls, value: Any) -> Self:
        """The shape of a resolved value."""
        return cls.model_validate(value)

    def plain(self) -> dict[str, Any]:
        """The shape as JSON; what isn't given is left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def frozen(self) -> Any:
        """The resolved value of this shape, however deep."""
        fields = {name: _frozen(getattr(self, name), info) for name, info in type(self).model_fields.items()}
        made = type(self).resolved
        return fields if made is None else made(**fields)


def _frozen(found: Any, info: FieldInfo) -> Any:
    if isinstance(found, Shape):
        return found.frozen()
    if isinstance(found, tuple):
        return tuple(_frozen(item, info) for item in found)
    return None if found == "" and EMPTY_IS_NONE in info.metadata else found


def said(part: type[BaseModel], name: str, unit: str = "") -> str:
    """What the kind says of a field, and the unit that a resource has it in."""
    told = fields_of(part)[name].description or ""
    return f"{told} In {unit}." if unit else told


def bare(number: float | Decimal) -> int | float:
    """A number as JSON writes it best: whole numbers without a point."""
    return int(number) if number == int(number) else float(number)


def _exact(written: Any) -> Any:
    return Decimal(repr(written)) if isinstance(written, float) else written


Seconds = Annotated[
    float, Field(ge=0), PlainSerializer(bare), WithJsonSchema({"type": "number", "minimum": 0})
]
Amount = Annotated[float, PlainSerializer(bare), WithJsonSchema({"type": "number"})]
"""Any number."""

Percent = Annotated[
    Decimal,
    BeforeValidator(_exact),
    PlainSerializer(bare),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 100}),
]
Whole = Annotated[int, Field(ge=0)]
"""A whole number of something that can be counted: bytes, micro-dollars, instances."""

EMPTY_IS_NONE = BeforeValidator(lambda written: written or "")

NameOrNone = Annotated[str, EMPTY_IS_NONE]
"""A name, "" in the resource where there is none."""
