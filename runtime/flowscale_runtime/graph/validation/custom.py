"""The node's own word: VALIDATE_INPUTS, validate_inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import hidden
from ..blocker import ExecutionBlocker
from ..calls import ask
from ..gather import constants
from .reports import Report, report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..forms import NodeForm
    from ..node import Node

TYPES = "input_types"


class Own:
    """What the node's function checks by itself, so that the standard checks are left out."""

    def __init__(self, form: NodeForm) -> None:
        self.names, self.all = (
            form.arguments("validate") if "validate" in form.methods else (frozenset[str](), False)
        )

    @property
    def types(self) -> bool:
        """Whether it looks at the types of links itself."""
        return TYPES in self.names

    def value(self, name: str) -> bool:
        """Whether it looks at the value of an input itself."""
        return self.all or name in self.names


async def check_own(node: Node, own: Own, received: Mapping[str, Any]) -> list[Report]:
    """What the node's function has against its inputs. It sees literals; linked inputs are None."""
    form = node.form
    if not own.names and not own.all:
        return []
    known = hidden.values(form.traits.hidden, node.id, None, {})
    values = constants(node)
    if not form.binds_hidden:
        values |= {name: [value] for name, value in known.items()}
    values = {name: items for name, items in values.items() if own.value(name)}
    asked = list(values)
    if own.types:
        values[TYPES] = [dict(received)]
    answers = await ask(form, form.method("validate", None, known), values, node.given)
    wrong = [answer for answer in answers if answer is not True and not isinstance(answer, ExecutionBlocker)]
    return [_refused(name, answer) for answer in wrong for name in asked or [""]]


def _refused(name: str, answer: Any) -> Report:
    told = [name] if name else []
    details = " - ".join(told if answer is False else [*told, str(answer)])
    return report("custom_validation_failed", "The node refuses its inputs", details, input_name=name)
