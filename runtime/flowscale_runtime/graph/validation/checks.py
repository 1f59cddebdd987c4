"""One node: its required inputs, links, literals and its own word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..forms import Declared
from ..links import is_link
from ..literals import unwrap
from ..node import Node
from .custom import Own, check_own
from .links import check_link
from .literals import check_literal
from .reports import Report, exception_fields, report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..catalog import Catalog
    from ..forms import NodeForm


UNDECLARED = Declared("*", {}, False, None)


class NodeChecks:
    """Checks the nodes of a graph, asking each class once for what it checks itself."""

    def __init__(self, graph: Mapping[str, Any], catalog: Catalog) -> None:
        self._graph = graph
        self._catalog = catalog
        self._own: dict[str, Own] = {}

    async def of(self, node_id: str, inner: bool) -> list[Report]:
        """What is wrong with a node; `inner` ones are reached through a link."""
        try:
            return await self._check(node_id)
        except Exception as error:  # noqa: BLE001 (a node's own code)
            kind = "exception_during_inner_validation" if inner else "exception_during_validation"
            return [report(kind, "The node failed to validate", str(error), **exception_fields(error))]

    async def _check(self, node_id: str) -> list[Report]:
        entry = self._graph[node_id]
        form = self._catalog[entry["class_type"]]
        given = entry.get("inputs") or {}
        own = self._own_of(form)
        received: dict[str, Any] = {}
        errors = [
            error
            for name, spec in form.inputs(given).items()
            if (error := self._input(name, spec, given, own, received)) is not None
        ]
        errors += self._undeclared(form, given)
        node = Node(node_id, given, form, original=True)
        return errors + await check_own(node, own, received)

    def _undeclared(self, form: NodeForm, given: Mapping[str, Any]) -> list[Report]:
        declared = form.inputs(given)
        links = {name: value for name, value in given.items() if name not in declared and is_link(value)}
        checked = [
            check_link(name, value, UNDECLARED, self._graph, self._catalog, False)[1]
            for name, value in links.items()
        ]
        return [error for error in checked if error is not None]

    def _own_of(self, form: NodeForm) -> Own:
        if form.class_type not in self._own:
            self._own[form.class_type] = Own(form)
        return self._own[form.class_type]

    def _input(
        self, name: str, spec: Declared, given: Mapping[str, Any], own: Own, received: dict[str, Any]
    ) -> Report | None:
        if name not in given:
            if not spec.required:
                return None
            return report("required_input_missing", "A required input is missing", name, input_name=name)
        value = given[name]
        if isinstance(value, list):
            kind, error = check_link(name, value, spec, self._graph, self._catalog, not own.types)
            if kind is not None:
                received[name] = kind
            return error
        return check_literal(name, unwrap(value), spec, not own.value(name))
