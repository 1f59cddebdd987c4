"""How the executor asks and calls a schema node."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from ..forms import Declared, Method, Returned, Traits
from ..plain import argument_names
from .hidden import NOTHING, HiddenHolder
from .layout import is_dynamic, lay_out
from .output import returned

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .schema import Schema

NAMES: dict[Method, str] = {
    "execute": "execute",
    "lazy": "check_lazy_status",
    "validate": "validate_inputs",
    "fingerprint": "fingerprint_inputs",
}


class SchemaForm:
    """A schema node."""

    binds_hidden = True

    def __init__(self, class_type: str, cls: Any, schema: Schema) -> None:
        self.class_type = class_type
        self.cls = cls
        self.schema = schema
        self.arranges = is_dynamic(schema.inputs)
        self._layout = lay_out(schema.inputs, {})
        self.methods = frozenset(
            name for name, attribute in NAMES.items() if name != "execute" and hasattr(cls, attribute)
        )
        self.traits = traits(cls, schema)

    def inputs(self, given: Mapping[str, Any]) -> Mapping[str, Declared]:
        """Dynamic inputs appear under flat names, as far as what is given calls for them."""
        return lay_out(self.schema.inputs, given).declared if self.arranges else self._layout.declared

    def create(self) -> Any:
        """Schema nodes keep no state."""
        return None

    def method(self, name: Method, instance: Any, hidden: Mapping[str, Any]) -> Callable[..., Any]:
        """A classmethod, on a class made for the call that holds the hidden values."""
        clone = type(
            self.cls.__name__, (self.cls,), {"hidden": HiddenHolder(**hidden) if hidden else NOTHING}
        )
        function: Callable[..., Any] = getattr(clone, NAMES[name])
        return function

    def arguments(self, name: Method) -> tuple[frozenset[str], bool]:
        """As its signature says."""
        return argument_names(getattr(self.cls, NAMES[name]))

    def arrange(self, values: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        """Dynamic inputs become nested dicts."""
        return lay_out(self.schema.inputs, given).arrange(values) if self.arranges else values

    def returned(self, value: Any) -> Returned:
        """A NodeOutput, or what can be read as one."""
        return returned(self.class_type, value, len(self.traits.return_types))


def traits(cls: Any, schema: Schema) -> Traits:
    """Facts from a schema."""
    functions = [cls.execute, getattr(cls, NAMES["lazy"], None)]
    return Traits(
        hidden={kind.name: kind.value for kind in schema.hidden},
        return_types=tuple(one.get_io_type() for one in schema.outputs),
        output_is_list=tuple(one.is_output_list for one in schema.outputs),
        input_is_list=schema.is_input_list,
        output_node=schema.is_output_node,
        not_idempotent=schema.not_idempotent,
        has_intermediate_output=schema.has_intermediate_output,
        accepts_undeclared=schema.accept_all_inputs,
        lazy_inputs=is_dynamic(schema.inputs) or any(one.lazy for one in schema.inputs),
        asynchronous=any(inspect.iscoroutinefunction(function) for function in functions),
    )
