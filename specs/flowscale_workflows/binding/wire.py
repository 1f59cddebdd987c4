"""All the values of one call, matched to the inputs by name and turned into what the inputs take."""

import re
from collections.abc import Mapping
from typing import Any

from flowscale_workflows.coercion import fit, is_missing
from flowscale_workflows.errors import InputError, InputErrors
from flowscale_workflows.graphs import nearest
from flowscale_workflows.signatures import Input, Interface

_NUMBERED = re.compile(r"(.+)_(\d{1,4})\Z")


def coerce(interface: Interface, raw: Mapping[str, Any]) -> dict[str, Any]:
    """The values by the inputs' names, defaults filled in.

    Takes what clients really send: texts for anything, `None` for nothing, JSON text for structures,
    `key_0`, `key_1` or a repeated key for a list. Raises InputErrors with everything that is wrong.
    """
    wrong: list[InputError] = []
    values = dict(interface.presets)
    given: set[str] = set()
    for name, (item, value) in _matched(interface, raw, wrong).items():
        if is_missing(item, value):
            continue
        if item.name in given:
            wrong.append(_twice(item, name))
            continue
        given.add(item.name)
        try:
            values[item.name] = fit(item, value)
        except InputErrors as error:
            wrong.extend(error.items)
    wrong.extend(_absent(item) for item in interface.obligatory if item.name not in given)
    if wrong:
        raise InputErrors(tuple(wrong))
    return values


def _matched(
    interface: Interface, raw: Mapping[str, Any], wrong: list[InputError]
) -> dict[str, tuple[Input, Any]]:
    known = interface.by_name
    found = {name: (known[name], value) for name, value in raw.items() if name in known}
    if len(found) == len(raw):
        return found
    numbered: dict[str, list[tuple[int, Any]]] = {}
    for name, value in raw.items():
        if name in found:
            continue
        parts = _NUMBERED.match(name)
        if parts and parts[1] in known and _takes_list(known[parts[1]]):
            numbered.setdefault(parts[1], []).append((int(parts[2]), value))
        else:
            wrong.append(_unknown(interface, name))
    for name, pairs in numbered.items():
        earlier = [found[name][1]] if name in found else []
        found[name] = (
            known[name],
            [*earlier, *(value for _, value in sorted(pairs, key=lambda pair: pair[0]))],
        )
    return found


def _takes_list(item: Input) -> bool:
    return item.many or item.type == "json"


def _unknown(interface: Interface, name: str) -> InputError:
    public = [item.public_name for item in interface.inputs]
    near = nearest(name, list(interface.by_name))
    hint = near or (f" Inputs: {', '.join(public[:10])}." if public else " The workflow takes no inputs.")
    return InputError(name, "unknown_input", f"There is no input {name!r}.{hint}")


def _twice(item: Input, name: str) -> InputError:
    other = item.name if name == item.alias else item.alias
    return InputError(name, "given_twice", f"{name!r} is the same input as {other!r}: give it once.")


def _absent(item: Input) -> InputError:
    return InputError(item.public_name, "required", f"{item.public_name!r} is required.")
