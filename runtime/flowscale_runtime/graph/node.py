"""A node of a run: its API form taken apart once."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .links import is_link
from .literals import convert_if_possible, unwrap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .forms import Declared, NodeForm
    from .links import Link

_NONE: Mapping[str, Any] = MappingProxyType({})


class Node:
    """Links, literals and sources of one node.

    `literals` reach the node's functions; `ignored` are undeclared ones, which only count in the signature.
    `sources` are all nodes that it is linked to, `eager` those that must be done before it starts.
    """

    __slots__ = (
        "declared", "eager", "form", "given", "id", "ignored", "links", "literals", "signature", "sources",
        "volatile",
    )  # fmt: skip

    def __init__(self, node_id: str, given: Mapping[str, Any], form: NodeForm, original: bool) -> None:
        self.id = node_id
        self.form = form
        self.given = given
        self.declared: Mapping[str, Declared] = form.inputs(given)
        self.links: dict[str, Link] = {}
        self.literals: dict[str, Any] = {}
        self.ignored = _NONE
        self.signature = b""
        self.volatile = False
        for name, value in given.items():
            if is_link(value):
                self.links[name] = (value[0], int(value[1]))
            else:
                self._take(name, value, original)
        self.sources = tuple({source: None for source, _ in self.links.values()})
        self.eager = self._eager() if form.traits.lazy_inputs else self.sources

    def _take(self, name: str, value: Any, original: bool) -> None:
        spec = self.declared.get(name)
        if spec is not None:
            value = unwrap(value)
            self.literals[name] = convert_if_possible(value, spec.type) if original else value
        elif self.form.traits.accepts_undeclared:
            self.literals[name] = unwrap(value)
        else:
            self.ignored = {**self.ignored, name: value}

    def _eager(self) -> tuple[str, ...]:
        declared = self.declared
        return tuple({src: None for name, (src, _) in self.links.items() if not is_lazy(declared.get(name))})


def is_lazy(spec: Declared | None) -> bool:
    """Whether an input waits to be asked for."""
    return spec is not None and spec.lazy
