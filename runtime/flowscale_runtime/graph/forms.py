"""What the executor asks of a node class, whichever form it is written in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .listener import Ui

Method = Literal["execute", "lazy", "validate", "fingerprint"]


class Declared(NamedTuple):
    """An input as its class declares it."""

    type: Any
    options: Mapping[str, Any]
    required: bool
    config: Any
    """What the class wrote, for error reports."""

    @property
    def lazy(self) -> bool:
        """Evaluated only when the node asks for it."""
        return bool(self.options.get("lazy"))

    @property
    def raw_link(self) -> bool:
        """The node gets the link itself, not its value."""
        return bool(self.options.get("rawLink"))


@dataclass(slots=True)
class Returned:
    """What one call of a node gave, in one shape."""

    values: Sequence[Any] = ()
    ui: Ui | None = None
    expand: dict[str, dict[str, Any]] | None = None


@dataclass(slots=True, kw_only=True)
class Traits:
    """Facts about a class that no input changes."""

    hidden: Mapping[str, str] = field(default_factory=dict)
    return_types: Any = ()
    output_is_list: Sequence[bool] = ()
    input_is_list: bool = False
    output_node: bool = False
    not_idempotent: bool = False
    has_intermediate_output: bool = False
    accepts_undeclared: bool = False
    lazy_inputs: bool = False
    asynchronous: bool = False


class NodeForm(Protocol):
    """One node class, ready to be asked and called. Made anew for each run, so declarations are fresh."""

    class_type: str
    traits: Traits
    methods: frozenset[Method]
    """Which of the optional methods the class has."""
    arranges: bool
    """Whether `arrange` does anything."""
    binds_hidden: bool
    """Whether `method` takes hidden values in; else they are arguments like others."""

    def inputs(self, given: Mapping[str, Any]) -> Mapping[str, Declared]:
        """The declared inputs, required ones first; dynamic ones depend on what is given."""

    def create(self) -> Any:
        """The state that one node keeps across runs."""

    def method(self, name: Method, instance: Any, hidden: Mapping[str, Any]) -> Callable[..., Any]:
        """A function of the class, bound to its state and hidden values."""

    def arguments(self, name: Method) -> tuple[frozenset[str], bool]:
        """Names of the arguments that a function takes, and whether it takes any other."""

    def arrange(self, values: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments as the functions want them: dynamic inputs become nested dicts."""

    def returned(self, value: Any) -> Returned:
        """What a call gave, in one shape. Raises BadReturn."""
