"""Interface, Input and Output: what callers give and get, as frozen values and as stable JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Literal, Self, TypeVar

from flowscale_workflows.errors import InterfaceError

InputType = Literal[
    "string", "integer", "number", "boolean", "image", "mask", "video", "audio", "file", "model", "json"
]
OutputType = Literal["image", "video", "audio", "text", "file"]
FILE_TYPES = frozenset({"image", "mask", "video", "audio", "file", "model"})
"""Inputs of these types arrive as uploads or URLs; the node sees a file name."""

T = TypeVar("T", "Input", "Output")


@dataclass(frozen=True)
class Input:
    """One value that a caller may give, and the widget that it goes to."""

    name: str
    node_id: str
    widget: str
    type: InputType
    alias: str | None = None
    label: str = ""
    description: str = ""
    default: Any = None
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    choices: tuple[Any, ...] | None = None
    multiline: bool = False
    many: bool = False

    @property
    def public_name(self) -> str:
        """What documents call it; `name` is accepted as well."""
        return self.alias or self.name

    @property
    def is_file(self) -> bool:
        return self.type in FILE_TYPES


@dataclass(frozen=True)
class Output:
    """One result. `name` is the start of the file names that are given out when a run is submitted."""

    name: str
    node_id: str
    type: OutputType
    alias: str | None = None
    label: str = ""
    description: str = ""
    format: str | None = None

    @property
    def public_name(self) -> str:
        return self.alias or self.name


@dataclass(frozen=True)
class Interface:
    """All that a workflow takes and gives, in a stable order."""

    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()

    @cached_property
    def by_name(self) -> Mapping[str, Input]:
        """Every accepted name, aliases too. A name of one input wins over an alias of another."""
        aliases = {item.alias: item for item in self.inputs if item.alias}
        return aliases | {item.name: item for item in self.inputs}

    @cached_property
    def obligatory(self) -> tuple[Input, ...]:
        return tuple(item for item in self.inputs if item.required)

    @cached_property
    def presets(self) -> Mapping[str, Any]:
        """The defaults of inputs that aren't files, by name."""
        return {
            item.name: item.default
            for item in self.inputs
            if item.default is not None and not item.required and not item.is_file
        }

    def input(self, name: str) -> Input:
        """The input of this name or alias; KeyError when there is none."""
        return self.by_name[name]

    def to_json(self) -> dict[str, Any]:
        return {
            "inputs": [_to_json(item) for item in self.inputs],
            "outputs": [_to_json(item) for item in self.outputs],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Reads what `to_json` wrote; fields that a newer version added are left out."""
        try:
            return cls(
                tuple(_from_json(Input, item) for item in data["inputs"]),
                tuple(_from_json(Output, item) for item in data["outputs"]),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise InterfaceError(f"This is not the JSON of an interface: {error!r}.") from error


def _to_json(item: Input | Output) -> dict[str, Any]:
    values = {field.name: getattr(item, field.name) for field in fields(item)}
    present = {name: value for name, value in values.items() if value is not None}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in present.items()}


def _from_json(cls: type[T], data: Mapping[str, Any]) -> T:
    known = {field.name: data[field.name] for field in fields(cls) if field.name in data}
    if isinstance(known.get("choices"), list):
        known["choices"] = tuple(known["choices"])
    return cls(**known)
