"""The base class of schema nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from .definition import definition
from .form import SchemaForm
from .hidden import NOTHING, HiddenHolder

if TYPE_CHECKING:
    from .schema import Schema


class ComfyNode:
    """A node that declares itself by a schema and works in classmethods.

    Optional classmethods: `validate_inputs`, `fingerprint_inputs`, `check_lazy_status`. A node runs on a class of its
    own made for the call, so nothing that it sets on `cls` outlives the call.
    """

    hidden: ClassVar[HiddenHolder] = NOTHING

    @classmethod
    def define_schema(cls) -> Schema:
        """What the node is. Every node has its own."""
        raise NotImplementedError(f"{cls.__name__} lacks define_schema")

    @classmethod
    def execute(cls, **kwargs: Any) -> Any:
        """The work: a NodeOutput, or what can be read as one. May be async. Every node has its own."""
        raise NotImplementedError(f"{cls.__name__} lacks execute")

    @classmethod
    def GET_SCHEMA(cls) -> Schema:  # noqa: N802 (its name in packs)
        """The schema, checked and completed."""
        return cls.define_schema().finalize()

    @classmethod
    def __node_form__(cls, class_type: str) -> SchemaForm:
        """How the executor calls it."""
        return SchemaForm(class_type, cls, cls.GET_SCHEMA())

    @classmethod
    def __node_definition__(cls, class_type: str) -> dict[str, Any]:
        """Its entry in /object_info."""
        return definition(class_type, cls.GET_SCHEMA())
