"""Links: do they lead somewhere, and does the type fit?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..links import is_link
from ..types import accepts
from .reports import Report, input_report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..catalog import Catalog
    from ..forms import Declared


def received_type(link: Any, graph: Mapping[str, Any], catalog: Catalog) -> Any:
    """The type at the other end. Raises LookupError when there is no such node or output."""
    if link[1] < 0:
        raise IndexError(link[1])
    return catalog[graph[link[0]]["class_type"]].traits.return_types[int(link[1])]


def check_link(
    name: str, value: Any, spec: Declared, graph: Mapping[str, Any], catalog: Catalog, check_type: bool
) -> tuple[Any, Report | None]:
    """The received type, and what is wrong with the link."""
    if not is_link(value):
        return None, _bad(name, spec, value, "a list as value must be a link: [node id, output number]")
    try:
        received = received_type(value, graph, catalog)
    except KeyError:
        return None, _bad(name, spec, value, f"there is no node {value[0]}")
    except IndexError:
        return None, _bad(name, spec, value, f"node {value[0]} has no output {value[1]}")
    if check_type and not accepts(received, spec.type):
        return received, input_report(
            "return_type_mismatch",
            "The linked output has another type",
            f"{name}, received_type({received}) mismatch input_type({spec.type})",
            name,
            spec,
            received_type=received,
            linked_node=value,
        )
    return received, None


def _bad(name: str, spec: Declared, value: Any, why: str) -> Report:
    return input_report(
        "bad_linked_input", "The link leads nowhere", f"{name}: {why}", name, spec, received_value=value
    )
