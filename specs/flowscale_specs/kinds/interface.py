"""What callers send to a workflow and get from it: parts of `Workflow`."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from flowscale_specs.kinds.base import Part
from flowscale_specs.kinds.fields import Json, Natural, Number, Text, Word
from flowscale_specs.values import as_written

InputType = Literal[
    "string", "integer", "number", "boolean", "image", "mask", "video", "audio", "file", "model", "json"
]
OutputType = Literal["image", "video", "audio", "text", "file"]
FILE_INPUTS = frozenset({"image", "mask", "video", "audio", "file", "model"})


class InputSpec(Part):
    """One input of a workflow, as callers see it. What isn't said comes from the graph."""

    short_forms = ({"type": ["string", "number"]},)

    from_: Word | None = Field(
        None,
        alias="from",
        description="Which widget it sets: `6.text` (node id) or `Title.widget` (node title).",
    )
    type: InputType | None = Field(None, description="What callers send; the widget's own type unless said.")
    label: Text | None = Field(None, description="The name that people see.")
    description: Text | None = Field(None, description="One or two sentences for documentation and forms.")
    default: Json = Field(
        None, description="The value when a request has none; the widget's value unless said."
    )
    minimum: Number | None = Field(None, description="The least number that is accepted.")
    maximum: Number | None = Field(None, description="The greatest number that is accepted.")
    step: Number | None = Field(None, description="The distance between accepted numbers.")
    min_length: Natural | None = Field(None, description="The least number of characters.")
    max_length: Natural | None = Field(None, description="The greatest number of characters.")
    choices: Annotated[tuple[Json, ...], Field(min_length=1)] | None = Field(
        None, description="The only values that are accepted."
    )
    required: bool | None = Field(
        None, description="Whether a request must have it; not if there is a default."
    )
    multiline: bool | None = Field(None, description="Whether forms show a large text field.")

    @classmethod
    def expand(cls, short: Any) -> Any:
        return {"from": short} if isinstance(short, str | int | float) else short

    @model_validator(mode="before")
    @classmethod
    def _texts(cls, written: Any) -> Any:
        """Values of a text input are text as it is written: `default: 1e3` is not a thousand there."""
        if not isinstance(written, dict) or written.get("type") != "string":
            return written
        texts = {"default": as_written(written["default"])} if "default" in written else {}
        if isinstance(written.get("choices"), list):
            texts["choices"] = [as_written(choice) for choice in written["choices"]]
        return {**written, **texts}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for problem in _contradictions(self):
            raise ValueError(problem)
        return self


def _contradictions(spec: InputSpec) -> list[str]:
    """What can't be true of an input together."""
    found = []
    if spec.minimum is not None and spec.maximum is not None and spec.minimum > spec.maximum:
        found.append(f"minimum {spec.minimum:g} is above maximum {spec.maximum:g}")
    if spec.min_length is not None and spec.max_length is not None and spec.min_length > spec.max_length:
        found.append(f"minLength {spec.min_length} is above maxLength {spec.max_length}")
    if spec.step is not None and spec.step <= 0:
        found.append(f"step {spec.step:g} is not more than 0")
    if spec.default is not None and not found:
        found.extend(_bad_default(spec, spec.default))
    return found


_PYTHON: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
}


def _bad_default(spec: InputSpec, default: Any) -> list[str]:
    fitting = _PYTHON.get(spec.type or "", object)
    if not isinstance(default, fitting) or (isinstance(default, bool) and spec.type in {"integer", "number"}):
        return [f"default is not of type {spec.type}"]
    if spec.choices is not None and default not in spec.choices:
        return ["default is not one of the choices"]
    if isinstance(default, int | float) and not isinstance(default, bool):
        if spec.minimum is not None and default < spec.minimum:
            return [f"default {default:g} is below minimum {spec.minimum:g}"]
        if spec.maximum is not None and default > spec.maximum:
            return [f"default {default:g} is above maximum {spec.maximum:g}"]
    if isinstance(default, str):
        if spec.max_length is not None and len(default) > spec.max_length:
            return [f"default has {len(default)} characters, more than maxLength {spec.max_length}"]
        if spec.min_length is not None and len(default) < spec.min_length:
            return [f"default has {len(default)} characters, fewer than minLength {spec.min_length}"]
    return []


class OutputSpec(Part):
    """One output of a workflow, as callers see it."""

    short_forms = ({"type": ["string", "number"]},)

    from_: Word | None = Field(
        None, alias="from", description="Which node gives it: its id (`9`) or its title."
    )
    type: OutputType | None = Field(None, description="What it is; what the node gives unless said.")
    label: Text | None = Field(None, description="The name that people see.")
    description: Text | None = Field(None, description="One or two sentences for documentation.")

    @classmethod
    def expand(cls, short: Any) -> Any:
        return {"from": short} if isinstance(short, str | int | float) else short
