"""What a spec says about inputs and outputs, laid over what the graph says."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from flowscale_workflows import graphs
from flowscale_workflows.coercion import fit
from flowscale_workflows.errors import GraphError, InputErrors, InterfaceError
from flowscale_workflows.graphs import ApiGraph
from flowscale_workflows.signatures import Input, Interface, Output

_INPUT_FIELDS: Mapping[str, tuple[str, ...]] = {
    "type": ("type",),
    "label": ("label",),
    "description": ("description",),
    "default": ("default",),
    "minimum": ("minimum",),
    "maximum": ("maximum",),
    "step": ("step",),
    "min_length": ("min_length", "minLength"),
    "max_length": ("max_length", "maxLength"),
    "choices": ("choices",),
    "required": ("required",),
    "multiline": ("multiline",),
}
_OUTPUT_FIELDS = {"label": ("label",), "description": ("description",), "type": ("type",)}
_TYPE_FACTS: Mapping[str, Any] = {
    "minimum": None,
    "maximum": None,
    "step": None,
    "choices": None,
    "many": False,
}


class InputOverride(Protocol):
    """What a spec may say about an input: `from_` and the fields of Input; None leaves it to the graph."""

    @property
    def from_(self) -> str | None: ...


class OutputOverride(Protocol):
    """What a spec may say about an output; None leaves it to the graph."""

    @property
    def from_(self) -> str | None: ...


def spec_inputs(
    graph: ApiGraph,
    own: Interface,
    specs: Mapping[str, InputOverride],
    describe: Callable[[str, str], Input],
) -> tuple[Input, ...]:
    """The inputs that a spec lists, in its order, each under its key as alias."""
    found = tuple(_spec_input(graph, own, key, spec, describe) for key, spec in specs.items())
    _refuse_twins("input", [(item.public_name, f"{item.node_id}.{item.widget}") for item in found])
    taken = {item.name: item.public_name for item in found}
    for item in found:
        if item.alias in taken:
            raise InterfaceError(
                f"Input {item.alias!r} is named as the workflow itself names input {taken[item.alias]!r}: "
                "choose another key."
            )
    return found


def spec_outputs(
    graph: ApiGraph,
    own: Interface,
    specs: Mapping[str, OutputOverride],
    describe: Callable[[str], Output],
) -> tuple[Output, ...]:
    """The outputs that a spec lists, in its order, each under its key as alias."""
    found = tuple(_spec_output(graph, own, key, spec, describe) for key, spec in specs.items())
    _refuse_twins("output", [(item.public_name, item.node_id) for item in found])
    return found


def _spec_input(
    graph: ApiGraph,
    own: Interface,
    key: str,
    spec: InputOverride,
    describe: Callable[[str, str], Input],
) -> Input:
    base = _locate(graph, own, key, spec.from_, describe)
    given = _given(spec, _INPUT_FIELDS)
    if given.get("type", base.type) != base.type:
        base = replace(base, **_TYPE_FACTS)
    if "choices" in given:
        given["choices"] = tuple(given["choices"])
    if "default" in given:
        given.setdefault("required", False)
    item = replace(base, **given, alias=key if key != base.name else None)
    return _with_fitting_default(item) if "default" in given else item


def _locate(
    graph: ApiGraph, own: Interface, key: str, reference: str | None, describe: Callable[[str, str], Input]
) -> Input:
    if reference is None:
        if key not in own.by_name:
            near = graphs.nearest(key, list(own.by_name))
            raise InterfaceError(
                f"Input {key!r} needs 'from', such as '6.text' or 'Title.text': the workflow has no input of "
                f"that name.{near}"
            )
        return own.by_name[key]
    try:
        node_id, widget = graphs.find(graph, reference)
    except GraphError as error:
        raise InterfaceError(f"Input {key!r}: {error}") from error
    inputs = graph[node_id].get("inputs", {})
    item = describe(node_id, widget)
    if widget not in inputs and item.default is None and not item.description and not item.required:
        near = graphs.nearest(widget, list(inputs))
        where = graphs.describe(node_id, graph[node_id])
        raise InterfaceError(f"Input {key!r}: {where} has no input {widget!r}.{near}")
    return item


def _with_fitting_default(item: Input) -> Input:
    try:
        return item if item.is_file else replace(item, default=fit(item, item.default))
    except InputErrors as error:
        raise InterfaceError(f"The default of input {item.public_name!r} doesn't fit it. {error}") from error


def _spec_output(
    graph: ApiGraph, own: Interface, key: str, spec: OutputOverride, describe: Callable[[str], Output]
) -> Output:
    by_name = {name: item for item in own.outputs for name in (item.alias, item.name)}
    if spec.from_ is None and key not in by_name:
        raise InterfaceError(f"Output {key!r} needs 'from': the id or title of the node that gives it.")
    try:
        base = by_name[key] if spec.from_ is None else describe(graphs.find_node(graph, spec.from_))
    except GraphError as error:
        raise InterfaceError(f"Output {key!r}: {error}") from error
    return replace(base, **_given(spec, _OUTPUT_FIELDS), alias=key if key != base.name else None)


def _given(spec: object, table: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    values = {
        field: next((value for key in keys if (value := getattr(spec, key, None)) is not None), None)
        for field, keys in table.items()
    }
    return {field: value for field, value in values.items() if value is not None}


def _refuse_twins(kind: str, places: list[tuple[str, str]]) -> None:
    seen: dict[str, str] = {}
    for alias, place in places:
        if place in seen:
            raise InterfaceError(f"{kind.title()}s {seen[place]!r} and {alias!r} are both from {place}.")
        seen[place] = alias
