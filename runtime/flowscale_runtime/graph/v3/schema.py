"""What a schema node declares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import GraphError
from .hidden import Hidden

if TYPE_CHECKING:
    from .types import Input, Output


class BadSchema(GraphError):
    """A schema that contradicts itself."""


@dataclass
class PriceBadgeDepends:
    """What the price depends on: widgets, inputs, groups of inputs."""

    widgets: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    input_groups: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The dependencies in the definition."""
        return {"widgets": self.widgets, "inputs": self.inputs, "input_groups": self.input_groups}


@dataclass
class PriceBadge:
    """What a node costs, as an expression that the editor evaluates."""

    expr: str
    depends_on: PriceBadgeDepends = field(default_factory=PriceBadgeDepends)
    engine: str = "jsonata"

    def as_dict(self) -> dict[str, Any]:
        """The badge in the definition."""
        return {"engine": self.engine, "depends_on": self.depends_on.as_dict(), "expr": self.expr}


@dataclass
class Schema:
    """A node's name, inputs, outputs and traits."""

    node_id: str
    display_name: str | None = None
    category: str = "sd"
    inputs: list[Input] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    hidden: list[Hidden] = field(default_factory=list)
    description: str = ""
    search_aliases: list[str] = field(default_factory=list)
    is_input_list: bool = False
    is_output_node: bool = False
    is_deprecated: bool = False
    is_experimental: bool = False
    is_dev_only: bool = False
    is_api_node: bool = False
    price_badge: PriceBadge | None = None
    not_idempotent: bool = False
    enable_expand: bool = False
    accept_all_inputs: bool = False
    essentials_category: str | None = None
    has_intermediate_output: bool = False

    def finalize(self) -> Schema:
        """Fill in what follows from the rest, and refuse contradictions. Raises BadSchema."""
        _unique(self.node_id, "input", [one.id for one in self.inputs])
        _unique(self.node_id, "output", [one.id for one in self.outputs if one.id is not None])
        self.hidden = list(dict.fromkeys([*self.hidden, *self._implied()]))
        return self

    def _implied(self) -> list[Hidden]:
        implied: list[Hidden] = []
        if self.is_output_node:
            implied += [Hidden.prompt, Hidden.extra_pnginfo]
        if self.is_api_node:
            implied += [Hidden.auth_token_comfy_org, Hidden.api_key_comfy_org]
        return implied


def _unique(node_id: str, what: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadSchema(f"{node_id} has more than one {what} called {', '.join(twice)}", hint="rename one")
