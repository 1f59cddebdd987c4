"""The plain form: a class with INPUT_TYPES, RETURN_TYPES and FUNCTION."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from .blocker import ExecutionBlocker
from .errors import BadReturn
from .forms import Declared, Method, Returned, Traits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NAMES: dict[Method, str] = {
    "lazy": "check_lazy_status",
    "validate": "VALIDATE_INPUTS",
    "fingerprint": "IS_CHANGED",
}

NEVER = "\0"
"""A name that no input has: packs write dicts that claim to have every name, and this finds them."""


class PlainForm:
    """A plain node class."""

    arranges = False
    binds_hidden = False

    def __init__(self, class_type: str, cls: type) -> None:
        self.class_type = class_type
        self.cls = cls
        self._function: str = getattr(cls, "FUNCTION", "")
        types = input_types(cls)
        groups = [types.get("required", {}), types.get("optional", {})]
        self._inputs = {
            name: declared(spec, group is groups[0]) for group in groups for name, spec in group.items()
        }
        self._open = [group for group in groups if NEVER in group]
        self.methods = frozenset(name for name, attribute in NAMES.items() if hasattr(cls, attribute))
        self.traits = traits(cls, types.get("hidden", {}), any(spec.lazy for spec in self._inputs.values()))

    def inputs(self, given: Mapping[str, Any]) -> Mapping[str, Declared]:
        """As declared; groups that claim to have any name also answer for what is given."""
        if not self._open:
            return self._inputs
        answered = {
            name: declared(group[name], False) for group in self._open for name in given if name in group
        }
        return answered | self._inputs

    def create(self) -> Any:
        """An instance of the class."""
        return self.cls()

    def method(self, name: Method, instance: Any, hidden: Mapping[str, Any]) -> Callable[..., Any]:
        """Hidden values are arguments like others in this form, so they are not bound here."""
        owner = self.cls if instance is None else instance
        return getattr(owner, self._function if name == "execute" else NAMES[name])  # type: ignore[no-any-return]

    def arguments(self, name: Method) -> tuple[frozenset[str], bool]:
        """As its signature says."""
        return argument_names(self.method(name, None, {}))

    def arrange(self, values: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        """As they are."""
        return values

    def returned(self, value: Any) -> Returned:
        """Tuple, dict of `result`, `ui`, `expand`, or a blocker."""
        if isinstance(value, dict):
            result = value.get("result")
            return Returned(self._values(result), value.get("ui"), value.get("expand"))
        return Returned(self._values(value))

    def _values(self, value: Any) -> Any:
        if isinstance(value, tuple | list):
            return value
        if isinstance(value, ExecutionBlocker):
            return (value,) * len(self.traits.return_types)
        if value is None:
            return ()
        raise BadReturn(
            f"{self.class_type}.{self._function} returned {type(value).__name__}, not a tuple",
            hint="return a tuple with one value per output: `return (value,)`",
        )


def argument_names(function: Callable[..., Any]) -> tuple[frozenset[str], bool]:
    """The names of a function's arguments, and whether it takes any other by keyword."""
    parameters = inspect.signature(function).parameters.values()
    named = frozenset(one.name for one in parameters if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL))
    return named, any(one.kind is one.VAR_KEYWORD for one in parameters)


def input_types(cls: Any) -> Mapping[str, Mapping[str, Any]]:
    """What INPUT_TYPES declares; nothing for a class without it."""
    return cls.INPUT_TYPES() if hasattr(cls, "INPUT_TYPES") else {}


def declared(spec: Any, required: bool) -> Declared:
    """One entry of INPUT_TYPES: `(type,)`, `(type, options)` or a bare type."""
    if isinstance(spec, str):
        return Declared(spec, {}, required, (spec,))
    options = spec[1] if len(spec) > 1 and isinstance(spec[1], dict) else {}
    return Declared(spec[0], options, required, (spec[0], options))


def traits(cls: Any, hidden: Mapping[str, Any], lazy_inputs: bool) -> Traits:
    """Facts from the attributes of a plain class."""
    functions = [getattr(cls, getattr(cls, "FUNCTION", ""), None), getattr(cls, NAMES["lazy"], None)]
    return_types = getattr(cls, "RETURN_TYPES", ())
    return Traits(
        hidden={name: _hidden_kind(kind) for name, kind in hidden.items()},
        return_types=return_types,
        output_is_list=tuple(map(bool, getattr(cls, "OUTPUT_IS_LIST", ()))),
        input_is_list=bool(getattr(cls, "INPUT_IS_LIST", False)),
        output_node=bool(getattr(cls, "OUTPUT_NODE", False)),
        not_idempotent=bool(getattr(cls, "NOT_IDEMPOTENT", False)),
        has_intermediate_output=bool(getattr(cls, "HAS_INTERMEDIATE_OUTPUT", False)),
        lazy_inputs=lazy_inputs,
        asynchronous=any(inspect.iscoroutinefunction(function) for function in functions),
    )


def _hidden_kind(kind: Any) -> str:
    return str(kind[0] if isinstance(kind, tuple | list) and kind else kind)
